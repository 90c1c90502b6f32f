// How the wide branch's scores and the encoder's logits become the model's logits.
#pragma once

#include <span>

#include "model/model_config.h"

namespace fastformer::model {

// Writes scores [labels] from scores [columns] of the wide branch's table, whose one column serves
// two labels with either sign.
void spread_columns(std::span<const float> columns, std::span<float> scores);

// logits [labels] = wide_factor * scores + encoder_factor * logits + offset; `columns` as above.
void mix_branches(const WideConfig& wide, std::span<const float> columns, std::span<float> logits);

// The wide branch's factor where it answers alone: one that is 0 in the mix would say nothing.
inline double factor_alone(double factor) { return factor > 0 ? factor : 1; }

}  // namespace fastformer::model
