// Tables and JSON of a multi-label result.
#include "report/multi_label_report.h"

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "report/classification_report.h"

namespace fastformer::report {

using config::Json;
using metrics::MultiLabelResult;

std::string multi_label_table(const MultiLabelResult& result, std::span<const std::string> labels) {
  std::vector<ScoreRow> rows;
  for (std::size_t c = 0; c < labels.size(); ++c) {
    const metrics::ClassResult& counts = result.classes[c];
    if (counts.support + counts.predicted == 0) continue;
    rows.push_back({labels[c], counts.scores, counts.support});
  }
  const std::vector<ScoreRow> averages = {{"macro", result.macro, result.rows},
                                          {"micro", result.micro, result.rows},
                                          {"weighted", result.weighted, result.rows}};
  return score_table(rows, averages);
}

std::string multi_label_summary(const MultiLabelResult& result, const PrecisionAt& precision) {
  std::string text = "micro-F1 " + format_fixed(result.micro.f1, 4) + "  macro-F1 " +
                     format_fixed(result.macro.f1, 4) + "  exact match " +
                     format_fixed(result.exact, 4) + "\nprecision";
  for (const auto& [k, value] : precision) {
    text += " at " + std::to_string(k) + ": " + format_fixed(value, 4) + " ";
  }
  return text + " labels a row: " + format_fixed(result.labels_per_row, 2) + " true, " +
         format_fixed(result.predicted_per_row, 2) +
         " given\nscores are sigmoid: each label's own probability; "
         "a row gets the labels whose score is at their threshold or above\n";
}

Json multi_label_json(const MultiLabelResult& result, std::span<const std::string> labels,
                      const PrecisionAt& precision) {
  Json report = {{"examples", result.rows},
                 {"exact_match", result.exact},
                 {"micro_f1", result.micro.f1},
                 {"macro_f1", result.macro.f1},
                 {"weighted_f1", result.weighted.f1},
                 {"micro", scores_json(result.micro)},
                 {"macro", scores_json(result.macro)},
                 {"weighted", scores_json(result.weighted)},
                 {"labels_per_row", result.labels_per_row},
                 {"predicted_per_row", result.predicted_per_row},
                 {"scores", "sigmoid"}};
  for (const auto& [k, value] : precision) report["precision_at"][std::to_string(k)] = value;
  report["labels"] = std::vector<std::string>(labels.begin(), labels.end());
  report["per_class"] = per_class_json(result.classes, labels);
  return report;
}

}  // namespace fastformer::report
