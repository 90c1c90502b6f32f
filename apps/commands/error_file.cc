// From an evaluation to rows to look at.
#include "commands/error_file.h"

#include <functional>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "command.h"
#include "io/files.h"
#include "report/review.h"

namespace fastformer::apps {
namespace {

constexpr char kFlag[] = "--errors";

// Fills what is known of a row's labels and scores.
using FillRow = std::function<void(std::size_t, report::ReviewRow&)>;

void write(const ErrorFile& file, const LabelledRows& all, const std::vector<std::size_t>& listed,
           const FillRow& fill) {
  std::vector<report::ReviewRow> rows;
  for (const std::size_t i : listed) {
    const data::Record& record = all.records[i];
    report::ReviewRow row;
    row.row = static_cast<std::int64_t>(i) + 1;
    row.file = file.files[static_cast<std::size_t>(record.file)];
    row.line = record.line;
    row.id = record.id;
    row.text = record.text;
    fill(i, row);
    rows.push_back(std::move(row));
  }
  write_new_file(file.path, report::review_text(rows, report::review_format(file.path, kFlag)));
  log_info("wrote " + format_count(static_cast<std::int64_t>(rows.size())) + " rows to " +
           file.path);
}

std::string list_of(const std::vector<int>& numbers, const std::vector<std::string>& labels) {
  config::Json list = config::Json::array();
  for (const int number : numbers) list.push_back(labels[static_cast<std::size_t>(number)]);
  return list.dump(-1, ' ', false, config::Json::error_handler_t::replace);
}

}  // namespace

void check_error_file(const std::string& path) {
  report::review_format(path, kFlag);
  require_new_file(path, kFlag);
}

void write_error_file(const ErrorFile& file, const LabelledRows& rows,
                      const Evaluation& evaluation) {
  const auto fill = [&](std::size_t i, report::ReviewRow& row) {
    row.truth = evaluation.labels[static_cast<std::size_t>(evaluation.truth[i])];
    row.predicted = evaluation.labels[static_cast<std::size_t>(evaluation.predicted[i])];
    row.score = evaluation.score[i];
    row.margin = evaluation.margin[i];
  };
  write(file, rows,
        report::rows_to_review(evaluation.truth, evaluation.predicted, evaluation.score,
                               file.right_limit),
        fill);
}

void write_error_file(const ErrorFile& file, const LabelledRows& rows,
                      const MultiEvaluation& evaluation) {
  const std::vector<int> wanted(rows.records.size(), 1);
  std::vector<int> right;
  for (std::size_t i = 0; i < rows.records.size(); ++i) {
    right.push_back(evaluation.truth[i] == evaluation.predicted[i]);
  }
  const auto fill = [&](std::size_t i, report::ReviewRow& row) {
    row.truth = list_of(evaluation.truth[i], evaluation.labels);
    row.predicted = list_of(evaluation.predicted[i], evaluation.labels);
    row.score = evaluation.score[i];
    row.margin = evaluation.margin[i];
  };
  write(file, rows, report::rows_to_review(wanted, right, evaluation.score, file.right_limit),
        fill);
}

}  // namespace fastformer::apps
