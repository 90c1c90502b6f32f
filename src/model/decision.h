// From a document's logits to ranked labels.
#pragma once

#include <span>
#include <vector>

namespace fastformer::model {

struct Ranked {
  int label = 0;     // index into the model's labels
  double score = 0;  // probability
};

struct Decision {
  std::vector<Ranked> ranked;  // best first; equal scores in the order of the labels
};

// Writes the probabilities of `logits` [labels] to `probabilities` [labels]:
// exp((logit - largest) / temperature) over its sum. Throws an Error on no logits and on a logit
// that is not finite.
void softmax(std::span<const float> logits, std::span<double> probabilities,
             double temperature = 1);

// The `top_k` most probable labels, all of them for top_k <= 0 or more than there are. The
// temperature (ModelConfig's) changes the scores, never their order.
Decision decide(std::span<const float> logits, int top_k = 0, double temperature = 1);

}  // namespace fastformer::model
