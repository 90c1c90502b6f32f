// Rows that a person should look at: those labelled wrongly and those that the model was unsure of.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fastformer::report {

// Indices of all rows that are wrong, the most confident first, and after them of at most
// `right_limit` rows that are right, the least confident first. Equal scores in the order of the
// rows. An entry per row in all three lists.
std::vector<std::size_t> rows_to_review(std::span<const int> truth, std::span<const int> predicted,
                                        std::span<const double> score, std::int64_t right_limit);

struct ReviewRow {
  std::int64_t row = 0;  // from 1, over all files
  std::string file;
  std::int64_t line = 0;  // 0: the file is the document
  std::string id;         // may be empty
  std::string truth;
  std::string predicted;
  double score = 0;   // probability of the prediction
  double margin = 0;  // the same, less the second label's probability
  std::string text;
};

enum class ReviewFormat { kCsv, kJsonLines };

// By the end of the file's name: .csv, .jsonl or .ndjson. Another one is a usage error about
// `flag`.
ReviewFormat review_format(const std::string& path, const std::string& flag);

// The bytes of the file: the columns row, file, line, id, truth, predicted, score, margin, text,
// without line or id where no row has one. A header begins the CSV.
std::string review_text(std::span<const ReviewRow> rows, ReviewFormat format);

}  // namespace fastformer::report
