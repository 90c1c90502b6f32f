// From an evaluation to rows to look at.
#include "commands/error_file.h"

#include "base/log.h"
#include "base/strings.h"
#include "command.h"
#include "io/files.h"
#include "report/review.h"

namespace fastformer::apps {
namespace {

constexpr char kFlag[] = "--errors";

}  // namespace

void check_error_file(const std::string& path) {
  report::review_format(path, kFlag);
  require_folder_of(path, kFlag);
}

void write_error_file(const std::string& path, const Evaluation& evaluation,
                      const std::vector<std::string>& files, int right_limit) {
  std::vector<report::ReviewRow> rows;
  for (const std::size_t i : report::rows_to_review(evaluation.truth, evaluation.predicted,
                                                    evaluation.score, right_limit)) {
    const data::Record& record = evaluation.records[i];
    report::ReviewRow row;
    row.row = static_cast<std::int64_t>(i) + 1;
    row.file = files[static_cast<std::size_t>(record.file)];
    row.line = record.line;
    row.id = record.id;
    row.truth = evaluation.labels[static_cast<std::size_t>(evaluation.truth[i])];
    row.predicted = evaluation.labels[static_cast<std::size_t>(evaluation.predicted[i])];
    row.score = evaluation.score[i];
    row.margin = evaluation.margin[i];
    row.text = record.text;
    rows.push_back(std::move(row));
  }
  io::write_file_atomically(path, report::review_text(rows, report::review_format(path, kFlag)));
  log_info("wrote " + format_count(static_cast<std::int64_t>(rows.size())) + " rows to " + path);
}

}  // namespace fastformer::apps
