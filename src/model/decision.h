// From a document's logits to ranked labels.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/matrix_view.h"

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

// The same of a model that gives several labels: 1 / (1 + exp(-logit / temperature)), of each label
// by itself.
void sigmoid(std::span<const float> logits, std::span<double> probabilities,
             double temperature = 1);
// Of all documents' logits [documents, labels]; row-major.
std::vector<double> sigmoid_of_all(MatrixView<const float> logits, double temperature = 1);

// The `top_k` most probable labels, all of them for top_k <= 0 or more than there are. The
// temperature (ModelConfig's) changes the scores, never their order.
Decision decide(std::span<const float> logits, int top_k = 0, double temperature = 1);

// From which score on a label is chosen where the model says nothing else.
inline constexpr double kUsualThreshold = 0.5;

// The label's number of `thresholds`, one a label; without any the usual one.
double threshold_of(std::span<const double> thresholds, std::size_t label);

// What a model that gives several labels says of a document. By sigmoid.
struct MultiDecision {
  std::vector<Ranked> ranked;  // the top_k best, as decide() has them
  std::vector<Ranked> chosen;  // those whose score is at least their threshold, best first
};

// `thresholds` has one number a label; without any it is 0.5 for all. A label whose score is below
// `min_score` is not chosen.
MultiDecision decide_multi(std::span<const float> logits, std::span<const double> thresholds,
                           double temperature = 1, int top_k = 0, double min_score = 0);

}  // namespace fastformer::model
