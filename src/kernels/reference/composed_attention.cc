// The identities of docs/algebra.md, each in a function of its own.
#include "kernels/reference/composed_attention.h"

#include <fastformer/error.h>

#include <cmath>

#include "kernels/reference/operations.h"

namespace fastformer::kernels::reference {
namespace {

// What there is and its shapes tell all switches but the sum interaction.
template <typename T>
void require_published_form(const AttentionWeights<T>& weights, std::int64_t heads) {
  const std::int64_t width = weights.query.weight.columns;
  const bool published = heads > 0 && width % heads == 0 && weights.query.weight.rows == width &&
                         weights.query_score.weight.columns == width &&
                         weights.key_score.weight.data && !weights.value.weight.data &&
                         !weights.key_interaction.weight.data;
  if (!published) throw Error("only attention as published can be composed");
}

template <typename T>
Matrix<T> product(MatrixView<const T> a, MatrixView<const T> b) {
  Matrix<T> c(a.rows, b.columns);
  for (std::int64_t i = 0; i < a.rows; ++i) {
    for (std::int64_t l = 0; l < a.columns; ++l) {
      for (std::int64_t j = 0; j < b.columns; ++j) c(i, j) += a(i, l) * b(l, j);
    }
  }
  return c;
}

// Scores through a projection: (a_h . (W x + b) + c_h) / sqrt(e) as one map of x, where row h of
// `directions` is a_h.
template <typename T>
AffineMap<T> scores_through(const Linear<T>& projection, MatrixView<const T> directions,
                            const T* bias) {
  const std::int64_t heads = directions.rows, width = directions.columns;
  const T root = std::sqrt(static_cast<T>(width / heads));
  AffineMap<T> scores{product(directions, projection.weight), {}};
  for (T& element : scores.weight.elements()) element /= root;
  for (std::int64_t h = 0; h < heads; ++h) {
    scores.bias.push_back((dot(directions.row(h), projection.bias, width) + bias[h]) / root);
  }
  return scores;
}

// Head h's slice is W[h] mean_h + b[h]: the projection of a mean instead of the mean of
// projections.
template <typename T>
std::vector<T> project_means(const Linear<T>& projection, const Matrix<T>& means) {
  const std::int64_t width = projection.weight.rows;
  const std::int64_t head_width = width / means.rows();
  std::vector<T> projected;
  for (std::int64_t j = 0; j < width; ++j) {
    projected.push_back(dot(projection.weight.row(j), means.row(j / head_width), width) +
                        projection.bias[j]);
  }
  return projected;
}

template <typename T>
std::vector<T> times(const std::vector<T>& a, const T* b) {
  std::vector<T> c(a.size());
  for (std::size_t j = 0; j < c.size(); ++j) c[j] = a[j] * b[j];
  return c;
}

// A sweep over the document that keeps no score.
template <typename T>
RunningSummary<T> summarize_tokens(const AffineMap<T>& scores, const Matrix<T>& x) {
  RunningSummary<T> summary(scores.weight.rows(), x.columns());
  for (std::int64_t i = 0; i < x.rows(); ++i) summary.add(scores(x.row(i)).data(), x.row(i));
  return summary;
}

}  // namespace

template <typename T>
std::vector<T> AffineMap<T>::operator()(const T* x) const {
  std::vector<T> y = bias;
  for (std::size_t j = 0; j < y.size(); ++j) {
    y[j] += dot(weight.row(static_cast<std::int64_t>(j)), x, weight.columns());
  }
  return y;
}

template <typename T>
ComposedWeights<T> compose(const AttentionWeights<T>& weights, std::int64_t heads) {
  require_published_form(weights, heads);
  ComposedWeights<T> composed;
  composed.layer = weights;
  composed.heads = heads;
  composed.query_scores =
      scores_through(weights.query, weights.query_score.weight, weights.query_score.bias);
  composed.output_transform = product(weights.output.weight, weights.transform.weight);
  composed.output_query = product(weights.output.weight, weights.query.weight);
  return composed;
}

template <typename T>
std::vector<T> composed_global_query(const ComposedWeights<T>& weights,
                                     const RunningSummary<T>& alpha) {
  return project_means(weights.layer.query, alpha.means());
}

template <typename T>
AffineMap<T> composed_key_scores(const AttentionWeights<T>& weights, std::int64_t heads,
                                 const std::vector<T>& global_query) {
  // g_h . (Q o k) = (g_h o Q) . k.
  const auto width = static_cast<std::int64_t>(global_query.size());
  Matrix<T> directions(heads, width);
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t j = 0; j < width; ++j) {
      directions(h, j) = weights.key_score.weight(h, j) * global_query[static_cast<std::size_t>(j)];
    }
  }
  return scores_through(weights.key, directions.view(), weights.key_score.bias);
}

template <typename T>
std::vector<T> composed_global_key(const AttentionWeights<T>& weights,
                                   const std::vector<T>& global_query,
                                   const RunningSummary<T>& beta) {
  return times(global_query, project_means(weights.key, beta.means()).data());
}

template <typename T>
AffineMap<T> composed_output(const ComposedWeights<T>& weights, const std::vector<T>& global_key) {
  const AttentionWeights<T>& layer = weights.layer;
  // M = Wo Wr diag(K) Wq + Wo Wq.
  Matrix<T> scaled = weights.output_transform;
  for (std::int64_t i = 0; i < scaled.rows(); ++i) {
    for (std::int64_t j = 0; j < scaled.columns(); ++j) {
      scaled(i, j) *= global_key[static_cast<std::size_t>(j)];
    }
  }
  AffineMap<T> map;
  map.weight = add(product(scaled.view(), layer.query.weight), weights.output_query);
  // m = Wo (Wr (K o bq) + br + bq) + bo.
  const std::vector<T> met_bias = times(global_key, layer.query.bias);
  const Matrix<T> mixed_bias =
      linear(layer.transform, Matrix<T>(MatrixView<const T>(
                                  met_bias.data(), 1, static_cast<std::int64_t>(met_bias.size()))));
  const Matrix<T> query_bias(MatrixView<const T>(layer.query.bias, 1, mixed_bias.columns()));
  map.bias = linear(layer.output, add(mixed_bias, query_bias)).elements();
  return map;
}

template <typename T>
Matrix<T> composed_attention(const ComposedWeights<T>& weights, const Matrix<T>& x) {
  const RunningSummary<T> alpha = summarize_tokens(weights.query_scores, x);
  const std::vector<T> global_query = composed_global_query(weights, alpha);

  const RunningSummary<T> beta =
      summarize_tokens(composed_key_scores(weights.layer, weights.heads, global_query), x);
  const std::vector<T> global_key = composed_global_key(weights.layer, global_query, beta);

  const AffineMap<T> map = composed_output(weights, global_key);
  return linear(Linear<T>{map.weight.view(), map.bias.data()}, x);
}

template <typename T>
Matrix<T> keyless_attention(const AttentionWeights<T>& weights, std::int64_t heads,
                            const Matrix<T>& x) {
  require_published_form(weights, heads);
  const Matrix<T> query = linear(weights.query, x);
  Matrix<T> scores = linear(weights.query_score, query);
  for (T& score : scores.elements()) score /= std::sqrt(static_cast<T>(x.columns() / heads));
  const std::vector<T> global_query = weighted_sum(softmax_over_tokens(scores), query);

  const RunningSummary<T> beta =
      summarize_tokens(composed_key_scores(weights, heads, global_query), x);
  const std::vector<T> global_key = composed_global_key(weights, global_query, beta);

  // A document's own map of its queries: (Wo Wr diag(K) + Wo) q_i + Wo br + bo.
  Matrix<T> map = product(weights.output.weight, weights.transform.weight);
  for (std::int64_t i = 0; i < map.rows(); ++i) {
    for (std::int64_t j = 0; j < map.columns(); ++j) {
      map(i, j) = map(i, j) * global_key[static_cast<std::size_t>(j)] + weights.output.weight(i, j);
    }
  }
  const Matrix<T> bias =
      linear(weights.output, Matrix<T>(MatrixView<const T>(weights.transform.bias, 1, map.rows())));
  return linear(Linear<T>{map.view(), bias.elements().data()}, query);
}

#define FASTFORMER_INSTANTIATE(T)                                                                \
  template struct AffineMap<T>;                                                                  \
  template ComposedWeights<T> compose(const AttentionWeights<T>&, std::int64_t);                 \
  template std::vector<T> composed_global_query(const ComposedWeights<T>&,                       \
                                                const RunningSummary<T>&);                       \
  template AffineMap<T> composed_key_scores(const AttentionWeights<T>&, std::int64_t,            \
                                            const std::vector<T>&);                              \
  template std::vector<T> composed_global_key(const AttentionWeights<T>&, const std::vector<T>&, \
                                              const RunningSummary<T>&);                         \
  template AffineMap<T> composed_output(const ComposedWeights<T>&, const std::vector<T>&);       \
  template Matrix<T> composed_attention(const ComposedWeights<T>&, const Matrix<T>&);            \
  template Matrix<T> keyless_attention(const AttentionWeights<T>&, std::int64_t, const Matrix<T>&);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels::reference
