// The layer's steps in reverse; "dY" in comments is the gradient of the loss at Y.
#include "kernels/reference/attention_backward.h"

#include <fastformer/error.h>

#include <cmath>

#include "kernels/reference/operations.h"

namespace fastformer::kernels::reference {
namespace {

// y = x W' + b: dW = dy' x, db = sum of dy; returns dx = dy W.
template <typename T>
Matrix<T> linear_backward(const Linear<T>& map, const Matrix<T>& x, const Matrix<T>& dy,
                          LinearGradient<T>& gradient) {
  const std::int64_t outputs = map.weight.rows, inputs = map.weight.columns;
  gradient.weight = Matrix<T>(outputs, inputs);
  gradient.bias.assign(static_cast<std::size_t>(outputs), 0);
  Matrix<T> dx(x.rows(), inputs);
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::int64_t j = 0; j < outputs; ++j) {
      gradient.bias[static_cast<std::size_t>(j)] += dy(i, j);
      for (std::int64_t l = 0; l < inputs; ++l) {
        gradient.weight(j, l) += dy(i, j) * x(i, l);
        dx(i, l) += dy(i, j) * map.weight(j, l);
      }
    }
  }
  return dx;
}

// Where all heads got a copy of one projection, its gradient is the sum over the copies.
template <typename T>
Matrix<T> project_backward(const Linear<T>& map, const Matrix<T>& x, const Matrix<T>& dy,
                           LinearGradient<T>& gradient) {
  const std::int64_t outputs = map.weight.rows;
  Matrix<T> folded(dy.rows(), outputs);
  for (std::int64_t i = 0; i < dy.rows(); ++i) {
    for (std::int64_t j = 0; j < dy.columns(); ++j) folded(i, j % outputs) += dy(i, j);
  }
  return linear_backward(map, x, folded, gradient);
}

// met_i = global o token_i: adds to dglobal and returns dtoken.
template <typename T>
Matrix<T> product_backward(const std::vector<T>& global, const Matrix<T>& tokens,
                           const Matrix<T>& dmet, std::vector<T>& dglobal) {
  Matrix<T> dtokens(tokens.rows(), tokens.columns());
  for (std::int64_t i = 0; i < tokens.rows(); ++i) {
    for (std::int64_t j = 0; j < tokens.columns(); ++j) {
      dglobal[static_cast<std::size_t>(j)] += dmet(i, j) * tokens(i, j);
      dtokens(i, j) = dmet(i, j) * global[static_cast<std::size_t>(j)];
    }
  }
  return dtokens;
}

// Softmax over tokens: dscore_i = weight_i (dweight_i - sum_j weight_j dweight_j), per head.
template <typename T>
Matrix<T> softmax_backward(const Matrix<T>& weights, const Matrix<T>& dweights) {
  Matrix<T> dscores(weights.rows(), weights.columns());
  for (std::int64_t h = 0; h < weights.columns(); ++h) {
    T mean = 0;
    for (std::int64_t i = 0; i < weights.rows(); ++i) mean += weights(i, h) * dweights(i, h);
    for (std::int64_t i = 0; i < weights.rows(); ++i) {
      dscores(i, h) = weights(i, h) * (dweights(i, h) - mean);
    }
  }
  return dscores;
}

// score(i, h) = (a_h . seen part of token_i + c_h) / root: returns da and dc, adds to dtokens.
template <typename T>
LinearGradient<T> head_scores_backward(const Linear<T>& score, const AttentionSwitches& switches,
                                       const Matrix<T>& tokens, const Matrix<T>& dscores,
                                       Matrix<T>& dtokens) {
  const T root = std::sqrt(static_cast<T>(tokens.columns() / switches.heads));
  LinearGradient<T> gradient{Matrix<T>(score.weight.rows, score.weight.columns),
                             std::vector<T>(static_cast<std::size_t>(switches.heads))};
  for (std::int64_t i = 0; i < tokens.rows(); ++i) {
    for (std::int64_t h = 0; h < switches.heads; ++h) {
      const Slice seen = seen_by_score(switches, tokens.columns(), h);
      const T dproduct = dscores(i, h) / root;
      gradient.bias[static_cast<std::size_t>(h)] += dproduct;
      for (std::int64_t j = 0; j < seen.length; ++j) {
        gradient.weight(h, j) += dproduct * tokens(i, seen.begin + j);
        dtokens(i, seen.begin + j) += dproduct * score.weight(h, j);
      }
    }
  }
  return gradient;
}

// Eqs. 3 and 4, or 5 and 6: from dglobal to the score's gradient; adds to dtokens.
template <typename T>
LinearGradient<T> summarize_backward(const Linear<T>& score, const AttentionSwitches& switches,
                                     const Matrix<T>& tokens, const Matrix<T>& weights,
                                     const std::vector<T>& dglobal, Matrix<T>& dtokens) {
  const std::int64_t head_width = tokens.columns() / switches.heads;
  Matrix<T> dweights(weights.rows(), weights.columns());
  for (std::int64_t i = 0; i < tokens.rows(); ++i) {
    for (std::int64_t j = 0; j < tokens.columns(); ++j) {
      const std::int64_t h = j / head_width;
      dweights(i, h) += dglobal[static_cast<std::size_t>(j)] * tokens(i, j);
      dtokens(i, j) += dglobal[static_cast<std::size_t>(j)] * weights(i, h);
    }
  }
  return head_scores_backward(score, switches, tokens, softmax_backward(weights, dweights),
                              dtokens);
}

}  // namespace

template <typename T>
AttentionGradients<T> attention_backward(const AttentionWeights<T>& weights,
                                         const AttentionSwitches& switches, const Matrix<T>& x,
                                         const Matrix<T>& output_gradient) {
  if (switches.interaction != Interaction::kProduct) {
    throw Error("the reference has gradients for the product interaction only");
  }
  const AttentionStates<T> s = attention_states(weights, switches, x);
  const auto width = static_cast<std::size_t>(x.columns());
  AttentionGradients<T> g;
  // o_i = Wo r_i + bo; r_i = Wr u_i + br + q_i.
  const Matrix<T> dmixed = linear_backward(weights.output, s.mixed, output_gradient, g.output);
  const Matrix<T> dmet_value = linear_backward(weights.transform, s.met_value, dmixed, g.transform);
  Matrix<T> dquery = dmixed;
  Matrix<T> dmet_key(x.rows(), x.columns()), dvalue(x.rows(), x.columns());
  if (switches.global_key) {
    // u_i = K o v_i.
    std::vector<T> dglobal_key(width);
    dvalue = product_backward(s.key_sum.global, s.value, dmet_value, dglobal_key);
    // K from p_i.
    g.key_score = summarize_backward(weights.key_score, switches, s.met_key, s.key_sum.weights,
                                     dglobal_key, dmet_key);
  } else {
    dmet_key = dmet_value;
  }
  // p_i = Q o k_i.
  std::vector<T> dglobal_query(width);
  const Matrix<T> dkey = product_backward(s.query_sum.global, s.key, dmet_key, dglobal_query);
  // Q from q_i.
  g.query_score = summarize_backward(weights.query_score, switches, s.query, s.query_sum.weights,
                                     dglobal_query, dquery);
  // The projections of x.
  const bool has_value = switches.global_key && !switches.share_query_value;
  if (!has_value) dquery = add(dquery, dvalue);
  g.x = add(project_backward(weights.query, x, dquery, g.query),
            project_backward(weights.key, x, dkey, g.key));
  if (has_value) {
    g.x = add(g.x, project_backward(weights.value, x, dvalue, g.value));
  }
  return g;
}

template AttentionGradients<float> attention_backward(const AttentionWeights<float>&,
                                                      const AttentionSwitches&,
                                                      const Matrix<float>&, const Matrix<float>&);
template AttentionGradients<double> attention_backward(const AttentionWeights<double>&,
                                                       const AttentionSwitches&,
                                                       const Matrix<double>&,
                                                       const Matrix<double>&);

}  // namespace fastformer::kernels::reference
