// How much each of two branches counts, fitted to documents that neither has learnt from.
#pragma once

#include <span>

#include "metrics/target_kind.h"

namespace fastformer::model {

struct BranchFactors {
  double wide = 0;
  double encoder = 0;
  double offset = 0;  // of every logit; 0 under softmax, which does not see it
};

// `scores` of the wide branch, `logits` of the encoder and `targets`, the shares of labels as in
// metrics/temperature.h, are [documents, label_count]. Factors are 0 or above.
//
// TargetKind::kMulti: the factors and the offset of least mean cross entropy, by Newton's method on
// a convex function.
// TargetKind::kSingle: each branch is brought to a spread of 1, and of the shares of the encoder in
// the sum that one is taken under which most documents are expected to get their label, when the
// sum is scaled to least cross entropy and then doubled, less a pull towards 0.3 that fades with
// the root of the number of documents. (Cross entropy alone gives too much to the branch whose
// values are better probabilities, which a linear classifier's are not, however well they rank:
// docs/results.md.)
// A penalty as heavy as one document keeps the factors finite where documents are separable.
BranchFactors fit_branches(std::span<const float> scores, std::span<const float> logits,
                           std::span<const float> targets, std::size_t label_count,
                           metrics::TargetKind kind);

// The encoder's share of what tells labels apart: the deviation of its part of the logits over the
// sum of both parts' deviations, from 0 to 1.
double encoder_share(std::span<const float> scores, std::span<const float> logits,
                     std::size_t labels, const BranchFactors& factors);

}  // namespace fastformer::model
