// Embedding, residual sums, norms and feed-forward around the attention.
#include "kernels/reference/encoder.h"

#include <fastformer/error.h>

#include <cmath>
#include <string>

#include "kernels/reference/local.h"
#include "kernels/reference/operations.h"

namespace fastformer::kernels::reference {
namespace {

template <typename T>
T position_element(const EmbeddingWeights<T>& weights, const Architecture& architecture,
                   std::int64_t position, std::int64_t j) {
  switch (architecture.positions) {
    case Positions::kLearned:
      return weights.position(position, j);
    case Positions::kSinusoidal:
      return static_cast<T>(sinusoidal_position(position, j, architecture.width));
    case Positions::kNone:
      break;
  }
  return 0;
}

// Norm of a part's input where norms stand before parts.
template <typename T>
Matrix<T> part_input(const Norm<T>& norm, const Architecture& architecture, const Matrix<T>& x) {
  if (architecture.norm != NormPlacement::kPre) return x;
  return layer_norm(norm, architecture.norm_epsilon, x);
}

// Residual sum, and norm of it where norms stand after parts.
template <typename T>
Matrix<T> part_output(const Norm<T>& norm, const Architecture& architecture, const Matrix<T>& x,
                      const Matrix<T>& change) {
  const Matrix<T> sum = architecture.residual ? add(change, x) : change;
  if (architecture.norm != NormPlacement::kPost) return sum;
  return layer_norm(norm, architecture.norm_epsilon, sum);
}

}  // namespace

double sinusoidal_position(std::int64_t position, std::int64_t j, std::int64_t width) {
  const auto even = static_cast<double>(j - j % 2);  // 2i
  const double angle =
      static_cast<double>(position) / std::pow(10000.0, even / static_cast<double>(width));
  return j % 2 == 0 ? std::sin(angle) : std::cos(angle);
}

template <typename T>
Matrix<T> embed(const EmbeddingWeights<T>& weights, const Architecture& architecture,
                std::span<const std::int32_t> ids) {
  const auto tokens = static_cast<std::int64_t>(ids.size());
  if (architecture.positions == Positions::kLearned && tokens > weights.position.rows) {
    throw Error("a document of " + std::to_string(tokens) + " tokens is longer than the " +
                std::to_string(weights.position.rows) + " positions");
  }
  Matrix<T> x(tokens, architecture.width);
  for (std::int64_t i = 0; i < tokens; ++i) {
    const std::int64_t id = ids[static_cast<std::size_t>(i)];
    if (id < 0 || id >= weights.word.rows) {
      throw Error("the id " + std::to_string(id) + " is outside the vocabulary of " +
                  std::to_string(weights.word.rows));
    }
    for (std::int64_t j = 0; j < architecture.width; ++j) {
      x(i, j) = weights.word(id, j) + position_element(weights, architecture, i, j);
    }
  }
  if (architecture.norm == NormPlacement::kNone) return x;
  return layer_norm(weights.norm, architecture.norm_epsilon, x);
}

template <typename T>
Matrix<T> attention_input(const LayerWeights<T>& weights, const Architecture& architecture,
                          const Matrix<T>& x) {
  return part_input(weights.attention_norm, architecture, x);
}

template <typename T>
Matrix<T> finish_block(const LayerWeights<T>& weights, const Architecture& architecture,
                       const Matrix<T>& x, const Matrix<T>& change) {
  const Matrix<T> x1 = part_output(weights.attention_norm, architecture, x, change);
  if (architecture.feed_forward == 0) return x1;
  const Matrix<T> inner =
      gelu(linear(weights.inner, part_input(weights.feed_forward_norm, architecture, x1)));
  return part_output(weights.feed_forward_norm, architecture, x1, linear(weights.outer, inner));
}

template <typename T>
Matrix<T> block(const LayerWeights<T>& weights, const Architecture& architecture,
                const Matrix<T>& x) {
  const Matrix<T> input = attention_input(weights, architecture, x);
  Matrix<T> change = attention(weights.attention, architecture.attention, input);
  if (architecture.local != Local::kNone) {
    change = add(change, local_branch(weights.local, architecture.local, input));
  }
  return finish_block(weights, architecture, x, change);
}

template <typename T>
Matrix<T> finish_encoder(const ClassifierWeights<T>& weights, const Architecture& architecture,
                         const Matrix<T>& x) {
  return part_input(weights.norm, architecture, x);
}

template <typename T>
Matrix<T> encode(const ClassifierWeights<T>& weights, const Architecture& architecture,
                 std::span<const std::int32_t> ids) {
  Matrix<T> x = embed(weights.embedding, architecture, ids);
  for (const LayerWeights<T>& layer : weights.layers) x = block(layer, architecture, x);
  return finish_encoder(weights, architecture, x);
}

#define FASTFORMER_INSTANTIATE(T)                                                                \
  template Matrix<T> embed(const EmbeddingWeights<T>&, const Architecture&,                      \
                           std::span<const std::int32_t>);                                       \
  template Matrix<T> attention_input(const LayerWeights<T>&, const Architecture&,                \
                                     const Matrix<T>&);                                          \
  template Matrix<T> finish_block(const LayerWeights<T>&, const Architecture&, const Matrix<T>&, \
                                  const Matrix<T>&);                                             \
  template Matrix<T> block(const LayerWeights<T>&, const Architecture&, const Matrix<T>&);       \
  template Matrix<T> finish_encoder(const ClassifierWeights<T>&, const Architecture&,            \
                                    const Matrix<T>&);                                           \
  template Matrix<T> encode(const ClassifierWeights<T>&, const Architecture&,                    \
                            std::span<const std::int32_t>);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels::reference
