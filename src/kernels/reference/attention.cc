// The equations of additive attention, one after the other.
#include "kernels/reference/attention.h"

#include <fastformer/error.h>

#include <cmath>

#include "kernels/reference/operations.h"

namespace fastformer::kernels::reference {
namespace {

// x W' + b. With shared heads that is one head's part, which all heads get a copy of
// (paper, "Influence of Parameter Sharing": head-wise).
template <typename T>
Matrix<T> project(const Linear<T>& map, const AttentionSwitches& switches, const Matrix<T>& x) {
  const Matrix<T> projected = linear(map, x);
  if (!switches.share_heads) return projected;
  Matrix<T> repeated(x.rows(), projected.columns() * switches.heads);
  for (std::int64_t i = 0; i < repeated.rows(); ++i) {
    for (std::int64_t j = 0; j < repeated.columns(); ++j) {
      repeated(i, j) = projected(i, j % projected.columns());
    }
  }
  return repeated;
}

// (a_h . token_i + c_h) / sqrt(head width), for every token and head.
template <typename T>
Matrix<T> head_scores(const Linear<T>& score, const AttentionSwitches& switches,
                      const Matrix<T>& tokens) {
  const T root = std::sqrt(static_cast<T>(tokens.columns() / switches.heads));
  Matrix<T> scores(tokens.rows(), switches.heads);
  for (std::int64_t i = 0; i < tokens.rows(); ++i) {
    for (std::int64_t h = 0; h < switches.heads; ++h) {
      const Slice seen = seen_by_score(switches, tokens.columns(), h);
      const T product = dot(score.weight.row(h), tokens.row(i) + seen.begin, seen.length);
      scores(i, h) = (product + score.bias[h]) / root;
    }
  }
  return scores;
}

// Paper, eqs. 3 and 4 of queries, eqs. 5 and 6 of keys that met the global query.
template <typename T>
Summary<T> summarize(const Linear<T>& score, const AttentionSwitches& switches,
                     const Matrix<T>& tokens) {
  Summary<T> summary;
  summary.weights = softmax_over_tokens(head_scores(score, switches, tokens));
  summary.global = weighted_sum(summary.weights, tokens);
  return summary;
}

// [global; token_i] for every token.
template <typename T>
Matrix<T> concatenate(const std::vector<T>& global, const Matrix<T>& tokens) {
  const std::int64_t width = tokens.columns();
  Matrix<T> both(tokens.rows(), 2 * width);
  for (std::int64_t i = 0; i < tokens.rows(); ++i) {
    for (std::int64_t j = 0; j < width; ++j) {
      both(i, j) = global[static_cast<std::size_t>(j)];
      both(i, width + j) = tokens(i, j);
    }
  }
  return both;
}

// The global vector meets every token. `map` serves concatenation only.
template <typename T>
Matrix<T> interact(Interaction interaction, const std::vector<T>& global, const Matrix<T>& tokens,
                   const Linear<T>& map) {
  if (interaction == Interaction::kConcatenation) return linear(map, concatenate(global, tokens));
  Matrix<T> met = tokens;
  for (std::int64_t i = 0; i < met.rows(); ++i) {
    for (std::int64_t j = 0; j < met.columns(); ++j) {
      const T element = global[static_cast<std::size_t>(j)];
      met(i, j) = interaction == Interaction::kProduct ? element * met(i, j) : element + met(i, j);
    }
  }
  return met;
}

}  // namespace

Slice seen_by_score(const AttentionSwitches& switches, std::int64_t width, std::int64_t head) {
  if (switches.head_scores == HeadScores::kWhole) return {0, width};
  const std::int64_t head_width = width / switches.heads;
  return {head * head_width, head_width};
}

template <typename T>
AttentionStates<T> attention_states(const AttentionWeights<T>& weights,
                                    const AttentionSwitches& switches, const Matrix<T>& x) {
  if (switches.heads < 1 || x.columns() % switches.heads != 0) {
    throw Error("the heads do not divide the width " + std::to_string(x.columns()));
  }
  AttentionStates<T> s;
  // The paper's experiments, too, let the value be the query.
  s.query = project(weights.query, switches, x);
  s.key = project(weights.key, switches, x);
  const bool has_value = switches.global_key && !switches.share_query_value;
  s.value = has_value ? project(weights.value, switches, x) : s.query;
  // Eqs. 3 and 4: alpha, and the global query.
  s.query_sum = summarize(weights.query_score, switches, s.query);
  // p_i = q * k_i.
  s.met_key = interact(switches.interaction, s.query_sum.global, s.key, weights.key_interaction);
  if (switches.global_key) {
    // Eqs. 5 and 6: beta, and the global key.
    s.key_sum = summarize(weights.key_score, switches, s.met_key);
    // u_i = k * v_i.
    s.met_value =
        interact(switches.interaction, s.key_sum.global, s.value, weights.value_interaction);
  } else {
    s.met_value = s.met_key;
  }
  // r_i: transformed, and the query added.
  s.mixed = add(linear(weights.transform, s.met_value), s.query);
  // The authors' code has one more product before the residual sum.
  s.output = linear(weights.output, s.mixed);
  return s;
}

template <typename T>
Matrix<T> attention(const AttentionWeights<T>& weights, const AttentionSwitches& switches,
                    const Matrix<T>& x) {
  return attention_states(weights, switches, x).output;
}

#define FASTFORMER_INSTANTIATE(T)                                                           \
  template AttentionStates<T> attention_states(const AttentionWeights<T>&,                  \
                                               const AttentionSwitches&, const Matrix<T>&); \
  template Matrix<T> attention(const AttentionWeights<T>&, const AttentionSwitches&,        \
                               const Matrix<T>&);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels::reference
