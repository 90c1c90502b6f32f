// Asks for the tensors of a classifier one by one.
#include "kernels/reference/named_weights.h"

#include <fastformer/error.h>

namespace fastformer::kernels::reference {
namespace {

template <typename T>
const T* require(const TensorByName<T>& tensor, const std::string& name) {
  const T* elements = tensor(name);
  if (!elements) throw Error("there is no tensor \"" + name + "\"");
  return elements;
}

template <typename T>
Linear<T> linear_of(const TensorByName<T>& tensor, const std::string& name, std::int64_t outputs,
                    std::int64_t inputs) {
  return {{require(tensor, name + ".weight"), outputs, inputs}, require(tensor, name + ".bias")};
}

template <typename T>
Norm<T> norm_of(const TensorByName<T>& tensor, const std::string& name) {
  return {require(tensor, name + ".weight"), require(tensor, name + ".bias")};
}

template <typename T>
AttentionWeights<T> attention_weights(const Architecture& architecture, const std::string& prefix,
                                      const TensorByName<T>& tensor) {
  const AttentionSwitches& switches = architecture.attention;
  const std::int64_t width = architecture.width;
  const std::int64_t head_width = width / switches.heads;
  const std::int64_t projected = switches.share_heads ? head_width : width;
  const std::int64_t seen = switches.head_scores == HeadScores::kWhole ? width : head_width;
  const auto map = [&](const char* name, std::int64_t outputs, std::int64_t inputs) {
    return linear_of(tensor, prefix + name, outputs, inputs);
  };
  AttentionWeights<T> weights;
  weights.query = map("query", projected, width);
  weights.key = map("key", projected, width);
  weights.query_score = map("query_score", switches.heads, seen);
  const bool concatenates = switches.interaction == Interaction::kConcatenation;
  if (concatenates) weights.key_interaction = map("key_interaction", width, 2 * width);
  if (switches.global_key) {
    if (!switches.share_query_value) weights.value = map("value", projected, width);
    weights.key_score = map("key_score", switches.heads, seen);
    if (concatenates) weights.value_interaction = map("value_interaction", width, 2 * width);
  }
  weights.transform = map("transform", width, width);
  weights.output = map("output", width, width);
  return weights;
}

template <typename T>
LocalWeights<T> local_weights(const Architecture& architecture, const std::string& prefix,
                              const TensorByName<T>& tensor) {
  const auto convolution = [&](const char* name) -> Convolution<T> {
    return {
        {require(tensor, prefix + name + ".weight"), architecture.local_width, architecture.width},
        require(tensor, prefix + name + ".bias")};
  };
  LocalWeights<T> weights;
  if (architecture.local != Local::kNone) weights.convolution = convolution("convolution");
  if (architecture.local == Local::kGated) weights.gate = convolution("gate");
  return weights;
}

}  // namespace

template <typename T>
LayerWeights<T> layer_weights(const Architecture& architecture, const std::string& prefix,
                              const TensorByName<T>& tensor) {
  const bool normed = architecture.norm != NormPlacement::kNone;
  const std::int64_t width = architecture.width;
  const std::int64_t feed_forward = architecture.feed_forward;
  LayerWeights<T> weights;
  weights.attention = attention_weights(architecture, prefix + "attention.", tensor);
  if (normed) weights.attention_norm = norm_of(tensor, prefix + "attention.norm");
  weights.local = local_weights(architecture, prefix + "local.", tensor);
  if (feed_forward == 0) return weights;
  weights.inner = linear_of(tensor, prefix + "feed_forward.inner", feed_forward, width);
  weights.outer = linear_of(tensor, prefix + "feed_forward.outer", width, feed_forward);
  if (normed) weights.feed_forward_norm = norm_of(tensor, prefix + "feed_forward.norm");
  return weights;
}

template <typename T>
ClassifierWeights<T> classifier_weights(const Architecture& architecture,
                                        const TensorByName<T>& tensor) {
  const std::int64_t width = architecture.width;
  const std::int64_t heads = architecture.attention.heads;
  if (heads < 1 || width % heads != 0) {
    throw Error("the width " + std::to_string(width) + " is not a multiple of the " +
                std::to_string(heads) + " heads");
  }
  ClassifierWeights<T> weights;
  weights.embedding.word = {require(tensor, "embedding.word.weight"), architecture.vocabulary,
                            width};
  if (architecture.positions == Positions::kLearned) {
    weights.embedding.position = {require(tensor, "embedding.position.weight"),
                                  architecture.max_length, width};
  }
  if (architecture.norm != NormPlacement::kNone) {
    weights.embedding.norm = norm_of(tensor, "embedding.norm");
  }
  for (std::int64_t layer = 0; layer < architecture.layers; ++layer) {
    const std::int64_t stored = architecture.share_layers ? 0 : layer;
    const std::string prefix = "encoder.layer." + std::to_string(stored) + ".";
    weights.layers.push_back(layer_weights(architecture, prefix, tensor));
  }
  if (architecture.norm == NormPlacement::kPre) weights.norm = norm_of(tensor, "encoder.norm");
  if (architecture.pooling != Pooling::kMax) {
    weights.pooling.hidden = linear_of(tensor, "pooling.hidden", width, width);
    weights.pooling.score = linear_of(tensor, "pooling.score", 1, width);
  }
  weights.classifier =
      linear_of(tensor, "classifier", architecture.labels, architecture.pooled_width());
  return weights;
}

template LayerWeights<float> layer_weights(const Architecture&, const std::string&,
                                           const TensorByName<float>&);
template LayerWeights<double> layer_weights(const Architecture&, const std::string&,
                                            const TensorByName<double>&);
template ClassifierWeights<float> classifier_weights(const Architecture&,
                                                     const TensorByName<float>&);
template ClassifierWeights<double> classifier_weights(const Architecture&,
                                                      const TensorByName<double>&);

}  // namespace fastformer::kernels::reference
