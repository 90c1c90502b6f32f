// The mix of two branches on held-out documents.
#include "learn/wide/branch_report.h"

#include <fastformer/error.h>

#include "learn/tasks/classification.h"
#include "model/branch_mix.h"

namespace fastformer::learn {

void HeldOut::append(const HeldOut& more) {
  wide.insert(wide.end(), more.wide.begin(), more.wide.end());
  encoder.insert(encoder.end(), more.encoder.begin(), more.encoder.end());
  targets.insert(targets.end(), more.targets.begin(), more.targets.end());
}

BranchReport mix_branches(HeldOut& held_out, std::size_t labels, metrics::TargetKind kind) {
  // Without rows to fit them on.
  constexpr model::BranchFactors kUsual = {4, 0.5, 0};
  std::vector<float>& logits = held_out.encoder;
  BranchReport report;
  if (logits.size() != held_out.wide.size()) {
    throw Error(std::to_string(logits.size()) + " logits for " +
                std::to_string(held_out.wide.size()) + " scores of the wide branch");
  }
  report.factors = kUsual;
  if (logits.empty()) return report;
  report.factors = model::fit_branches(held_out.wide, logits, held_out.targets, labels, kind);
  const auto score = [&](std::span<const float> values) {
    return score_logits(values, held_out.targets, labels, kind);
  };
  report.encoder = score(logits);
  report.encoder_share = model::encoder_share(held_out.wide, logits, labels, report.factors);
  std::vector<float> wide = held_out.wide;
  for (std::size_t i = 0; i < wide.size(); ++i) {
    const float offset = static_cast<float>(report.factors.offset);
    logits[i] = static_cast<float>(report.factors.encoder) * logits[i] +
                static_cast<float>(report.factors.wide) * wide[i] + offset;
    wide[i] = static_cast<float>(model::factor_alone(report.factors.wide)) * wide[i] + offset;
  }
  report.wide = score(wide);
  report.both = score(logits);
  return report;
}

}  // namespace fastformer::learn
