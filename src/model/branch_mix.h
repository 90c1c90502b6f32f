// How the wide branch's scores and the encoder's logits become the model's logits.
#pragma once

#include <span>

#include "metrics/target_kind.h"
#include "model/model_config.h"

namespace fastformer::model {

// Writes scores [labels] from scores [columns] of the wide branch's table, whose one column serves
// two labels with either sign.
void spread_columns(std::span<const float> columns, std::span<float> scores);

// logits [labels] = wide_factor * scores + encoder_factor * logits + offset; `columns` as above.
void mix_branches(const WideConfig& wide, std::span<const float> columns, std::span<float> logits);

struct BranchFactors {
  double wide = 0;
  double encoder = 0;
  double offset = 0;  // of every logit; 0 under softmax, which does not see it
};

// The factors, 0 or above, and for TargetKind::kMulti the offset, under which documents that
// neither branch has learnt from have the least mean cross entropy. `scores`, `logits` and
// `targets`, the shares of labels as in metrics/temperature.h, are [documents, label_count].
// Newton's method on a convex function, with a penalty as heavy as one document so that separable
// documents give finite factors.
BranchFactors fit_branches(std::span<const float> scores, std::span<const float> logits,
                           std::span<const float> targets, std::size_t label_count,
                           metrics::TargetKind kind);

// The encoder's share of what tells labels apart: the deviation of its part of the logits over the
// sum of both parts' deviations, from 0 to 1.
double encoder_share(std::span<const float> scores, std::span<const float> logits,
                     std::size_t labels, const BranchFactors& factors);

}  // namespace fastformer::model
