// What a model says of a document: one of its labels, or any number of them.
#pragma once

namespace fastformer::metrics {

enum class TargetKind {
  kSingle,  // one label; probabilities are softmax(logits) and sum to 1
  kMulti,  // any number of labels, none included; probabilities are sigmoid(logits), each by itself
};

}  // namespace fastformer::metrics
