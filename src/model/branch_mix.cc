// Mixing of two branches.
#include "model/branch_mix.h"

#include <algorithm>

namespace fastformer::model {
void spread_columns(std::span<const float> columns, std::span<float> scores) {
  if (columns.size() == scores.size()) {
    std::copy(columns.begin(), columns.end(), scores.begin());
  } else {
    scores[0] = columns[0];
    scores[1] = -columns[0];
  }
}

void mix_branches(const WideConfig& wide, std::span<const float> columns, std::span<float> logits) {
  const auto a = static_cast<float>(wide.wide_factor), b = static_cast<float>(wide.encoder_factor);
  const auto offset = static_cast<float>(wide.offset);
  const bool one_column = columns.size() != logits.size();
  for (std::size_t k = 0; k < logits.size(); ++k) {
    const float score = one_column ? (k == 0 ? columns[0] : -columns[0]) : columns[k];
    logits[k] = a * score + b * logits[k] + offset;
  }
}

}  // namespace fastformer::model
