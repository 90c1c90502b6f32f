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

Json json_of(const metrics::Scores& scores) {
  return {{"precision", scores.precision}, {"recall", scores.recall}, {"f1", scores.f1}};
}

std::vector<std::string> scores_row(const std::string& name, const metrics::Scores& scores,
                                    std::int64_t support) {
  return {printable(name, 40), format_fixed(scores.precision, 4), format_fixed(scores.recall, 4),
          format_fixed(scores.f1, 4), format_count(support)};
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
  if (wrong.size() > kWidestMatrix) wrong.resize(kWidestMatrix);
  Table table({{"truth"}, {"predicted"}, {"rows", Align::kRight}});
  for (const metrics::ConfusionCell& cell : wrong) {
    table.add_row({labels[static_cast<std::size_t>(cell.truth)],
                   labels[static_cast<std::size_t>(cell.predicted)], format_count(cell.count)});
  }
  return "most frequent confusions (all with --json):\n" + table.text();
}

}  // namespace

std::string class_table(const ClassificationResult& result, std::span<const std::string> labels) {
  constexpr Align kRight = Align::kRight;
  Table table(
      {{"label"}, {"precision", kRight}, {"recall", kRight}, {"F1", kRight}, {"rows", kRight}});
  for (std::size_t c = 0; c < labels.size(); ++c) {
    table.add_row(scores_row(labels[c], result.classes[c].scores, result.classes[c].support));
  }
  table.add_row({});
  table.add_row(scores_row("macro", result.macro, result.examples));
  table.add_row(scores_row("micro", result.micro, result.examples));
  table.add_row(scores_row("weighted", result.weighted, result.examples));
  return table.text();
}

std::string confusion_table(const ClassificationResult& result,
                            std::span<const std::string> labels) {
  return labels.size() <= kWidestMatrix ? matrix(result, labels)
                                        : largest_confusions(result, labels);
}

Json classification_json(const ClassificationResult& result, std::span<const std::string> labels) {
  Json report = {{"examples", result.examples},       {"accuracy", result.accuracy},
                 {"macro_f1", result.macro.f1},       {"micro_f1", result.micro.f1},
                 {"weighted_f1", result.weighted.f1}, {"macro", json_of(result.macro)},
                 {"micro", json_of(result.micro)},    {"weighted", json_of(result.weighted)}};
  report["labels"] = std::vector<std::string>(labels.begin(), labels.end());
  report["per_class"] = Json::object();
  for (std::size_t c = 0; c < labels.size(); ++c) {
    Json row = json_of(result.classes[c].scores);
    row["support"] = result.classes[c].support;
    report["per_class"][labels[c]] = row;
  }
  report["confusion"] = Json::array();
  for (const metrics::ConfusionCell& cell : result.confusion) {
    report["confusion"].push_back({{"truth", labels[static_cast<std::size_t>(cell.truth)]},
                                   {"predicted", labels[static_cast<std::size_t>(cell.predicted)]},
                                   {"count", cell.count}});
  }
  return report;
}

}  // namespace fastformer::report
