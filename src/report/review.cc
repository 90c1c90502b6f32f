// Order and files of rows to look at.
#include "report/review.h"

#include <fastformer/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "config/options.h"
#include "report/csv.h"

namespace fastformer::report {
namespace {

using config::Json;

// Columns that are only there when some row has something in them.
struct Shown {
  bool line = false;
  bool id = false;
};

std::string csv(std::span<const ReviewRow> rows, const Shown& shown) {
  std::string text;
  const auto add = [&](std::vector<std::string> cells) {
    if (!shown.id) cells.erase(cells.begin() + 3);
    if (!shown.line) cells.erase(cells.begin() + 2);
    text += csv_row(cells);
  };
  add({"row", "file", "line", "id", "truth", "predicted", "score", "margin", "text"});
  for (const ReviewRow& row : rows) {
    add({std::to_string(row.row), row.file, row.line > 0 ? std::to_string(row.line) : "", row.id,
         row.truth, row.predicted, format_fixed(row.score, 6), format_fixed(row.margin, 6),
         row.text});
  }
  return text;
}

std::string json_lines(std::span<const ReviewRow> rows, const Shown& shown) {
  std::string text;
  for (const ReviewRow& row : rows) {
    Json line = {{"row", row.row}, {"file", row.file}};
    if (shown.line) line["line"] = row.line;
    if (shown.id) line["id"] = row.id;
    line["truth"] = row.truth;
    line["predicted"] = row.predicted;
    line["score"] = row.score;
    line["margin"] = row.margin;
    line["text"] = row.text;
    text += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  return text;
}

}  // namespace

std::vector<std::size_t> rows_to_review(std::span<const int> truth, std::span<const int> predicted,
                                        std::span<const double> score, std::int64_t right_limit) {
  if (truth.size() != predicted.size() || truth.size() != score.size()) {
    throw Error("truth, predictions and scores are not of one size");
  }
  std::vector<std::size_t> wrong, right;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    (truth[i] == predicted[i] ? right : wrong).push_back(i);
  }
  std::stable_sort(wrong.begin(), wrong.end(),
                   [score](std::size_t a, std::size_t b) { return score[a] > score[b]; });
  std::stable_sort(right.begin(), right.end(),
                   [score](std::size_t a, std::size_t b) { return score[a] < score[b]; });
  const auto limit = static_cast<std::size_t>(std::max<std::int64_t>(0, right_limit));
  if (right.size() > limit) right.resize(limit);
  wrong.insert(wrong.end(), right.begin(), right.end());
  return wrong;
}

ReviewFormat review_format(const std::string& path, const std::string& flag) {
  const std::string name = ascii_lower(path);
  if (name.ends_with(".csv")) return ReviewFormat::kCsv;
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) return ReviewFormat::kJsonLines;
  throw usage_error("\"" + printable(path) + "\" does not say its format", flag,
                    "End the name in .csv or .jsonl");
}

std::string review_text(std::span<const ReviewRow> rows, ReviewFormat format) {
  Shown shown;
  for (const ReviewRow& row : rows) {
    shown.line = shown.line || row.line > 0;
    shown.id = shown.id || !row.id.empty();
  }
  return format == ReviewFormat::kCsv ? csv(rows, shown) : json_lines(rows, shown);
}

}  // namespace fastformer::report
