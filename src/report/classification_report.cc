// Tables and JSON of a classification result.
#include "report/classification_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/strings.h"
#include "report/table.h"

namespace fastformer::report {
namespace {

using config::Json;
using metrics::ClassificationResult;

constexpr std::size_t kWidestMatrix = 12;  // classes shown as a matrix; more are listed

std::vector<std::string> cells_of(const ScoreRow& row) {
  return {printable(row.name, 40), format_fixed(row.scores.precision, 4),
          format_fixed(row.scores.recall, 4), format_fixed(row.scores.f1, 4),
          format_count(row.support)};
}

std::string matrix(const ClassificationResult& result, std::span<const std::string> labels) {
  std::vector<Column> columns = {{"truth \\ predicted"}};
  for (const std::string& label : labels) columns.push_back({printable(label, 20), Align::kRight});
  Table table(columns);
  for (std::size_t t = 0; t < labels.size(); ++t) {
    std::vector<std::string> row = {printable(labels[t], 20)};
    for (std::size_t p = 0; p < labels.size(); ++p) {
      row.push_back(format_count(result.confused(static_cast<int>(t), static_cast<int>(p))));
    }
    table.add_row(row);
  }
  return table.text();
}

std::string largest_confusions(const ClassificationResult& result,
                               std::span<const std::string> labels) {
  std::vector<metrics::ConfusionCell> wrong;
  for (const metrics::ConfusionCell& cell : result.confusion) {
    if (cell.truth != cell.predicted) wrong.push_back(cell);
  }
  std::stable_sort(wrong.begin(), wrong.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  if (wrong.empty()) return "no row is confused with another label\n";
  if (wrong.size() > kWidestMatrix) wrong.resize(kWidestMatrix);
  Table table({{"truth"}, {"predicted"}, {"rows", Align::kRight}});
  for (const metrics::ConfusionCell& cell : wrong) {
    table.add_row({labels[static_cast<std::size_t>(cell.truth)],
                   labels[static_cast<std::size_t>(cell.predicted)], format_count(cell.count)});
  }
  return "most frequent confusions (all with --json):\n" + table.text();
}

}  // namespace

std::string score_table(std::span<const ScoreRow> rows, std::span<const ScoreRow> averages) {
  constexpr Align kRight = Align::kRight;
  Table table(
      {{"label"}, {"precision", kRight}, {"recall", kRight}, {"F1", kRight}, {"rows", kRight}});
  for (const ScoreRow& row : rows) table.add_row(cells_of(row));
  table.add_row({});
  for (const ScoreRow& row : averages) table.add_row(cells_of(row));
  return table.text();
}

Json scores_json(const metrics::Scores& scores) {
  return {{"precision", scores.precision}, {"recall", scores.recall}, {"f1", scores.f1}};
}

Json per_class_json(std::span<const metrics::ClassResult> classes,
                    std::span<const std::string> labels) {
  Json json = Json::object();
  for (std::size_t c = 0; c < labels.size(); ++c) {
    json[labels[c]] = scores_json(classes[c].scores);
    json[labels[c]]["support"] = classes[c].support;
  }
  return json;
}

std::string class_table(const ClassificationResult& result, std::span<const std::string> labels) {
  std::vector<ScoreRow> rows;
  for (std::size_t c = 0; c < labels.size(); ++c) {
    rows.push_back({labels[c], result.classes[c].scores, result.classes[c].support});
  }
  const std::vector<ScoreRow> averages = {{"macro", result.macro, result.examples},
                                          {"micro", result.micro, result.examples},
                                          {"weighted", result.weighted, result.examples}};
  return score_table(rows, averages);
}

std::string confusion_table(const ClassificationResult& result,
                            std::span<const std::string> labels) {
  return labels.size() <= kWidestMatrix ? matrix(result, labels)
                                        : largest_confusions(result, labels);
}

Json classification_json(const ClassificationResult& result, std::span<const std::string> labels) {
  Json report = {{"examples", result.examples},        {"accuracy", result.accuracy},
                 {"macro_f1", result.macro.f1},        {"micro_f1", result.micro.f1},
                 {"weighted_f1", result.weighted.f1},  {"macro", scores_json(result.macro)},
                 {"micro", scores_json(result.micro)}, {"weighted", scores_json(result.weighted)}};
  report["labels"] = std::vector<std::string>(labels.begin(), labels.end());
  report["per_class"] = per_class_json(result.classes, labels);
  report["confusion"] = Json::array();
  for (const metrics::ConfusionCell& cell : result.confusion) {
    report["confusion"].push_back({{"truth", labels[static_cast<std::size_t>(cell.truth)]},
                                   {"predicted", labels[static_cast<std::size_t>(cell.predicted)]},
                                   {"count", cell.count}});
  }
  return report;
}

}  // namespace fastformer::report
