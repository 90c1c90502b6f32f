// How the wide branch's scores and the encoder's logits become the model's logits.
#pragma once

#include <cstdint>
#include <span>

#include "model/model_config.h"

namespace fastformer::model {

// Writes scores [labels] from scores [columns] of the wide branch's table, whose one column serves
// two labels with either sign.
void spread_columns(std::span<const float> columns, std::span<float> scores);

// logits [labels] = wide_factor * scores + encoder_factor * logits; `columns` as above.
void mix_branches(const WideConfig& wide, std::span<const float> columns, std::span<float> logits);

struct BranchFactors {
  double wide = 0;
  double encoder = 0;
};

// The factors, 0 or above, under which softmax has the least mean cross entropy on documents that
// neither branch has learnt from: `scores` and `logits` [documents, labels], the index of each
// document's label (documents with -1 are left out). Newton's method on a convex function of two
// numbers, with a penalty as heavy as one document so that separable documents give finite factors.
BranchFactors fit_branches(std::span<const float> scores, std::span<const float> logits,
                           std::span<const std::int64_t> labels);

// The encoder's share of what tells labels apart: the deviation of its part of the logits over the
// sum of both parts' deviations, from 0 to 1.
double encoder_share(std::span<const float> scores, std::span<const float> logits,
                     std::size_t labels, const BranchFactors& factors);

}  // namespace fastformer::model
