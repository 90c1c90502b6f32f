// Finds documents that say the same, within a file and across files, in bounded memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fastformer::data {

// What documents that count as the same have in common: a 64-bit hash of the letters and digits of
// `text`, in lower case and one spelling (NFKC), so that punctuation, white space and case do not
// matter; of a text without letters and digits, the hash of all that is not white space at its
// ends. Nothing for an empty text. Among n different documents the chance that any two share a hash
// by accident is about n^2 / 2^65: one in 40,000 for 30 million documents. `scratch` is memory to
// work in.
std::optional<std::uint64_t> document_key(std::string_view text, std::string& scratch);

// Where a document stands: the number of its file, and a line or number in it.
struct Place {
  int file = 0;
  std::int64_t position = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): what the compiler writes compares with 0
  auto operator<=>(const Place&) const = default;
};

// Two files that have documents in common.
struct SharedDocuments {
  int first = 0;
  int second = 0;
  std::int64_t rows_of_first = 0;   // whose document is in the second too
  std::int64_t rows_of_second = 0;  // whose document is in the first too
};

struct RepeatedDocument {
  std::int64_t rows = 0;
  Place first;
};

// A document that stands under different labels, with the first place of each label.
struct Conflict {
  std::int64_t rows = 0;
  std::vector<std::pair<int, Place>> labels;
};

struct LabelPair {
  int first = 0;
  int second = 0;
  std::int64_t documents = 0;  // that stand under both
};

struct DuplicateReport {
  std::vector<std::int64_t> within;        // per file: rows that repeat an earlier row of the file
  std::vector<SharedDocuments> shared;     // only files that share something
  std::vector<RepeatedDocument> repeated;  // the most frequent ones
  std::int64_t conflicting_documents = 0;
  std::int64_t conflicting_rows = 0;
  std::vector<Conflict> conflicts;            // the first ones
  std::vector<LabelPair> conflicting_labels;  // the most frequent first

  static constexpr std::size_t kExamples = 10;  // of repeated documents and of conflicts
};

// Keeps 24 bytes per document.
class DuplicateFinder {
 public:
  // `label` is any number that stands for a label, or -1 for none. Places rise within a file.
  void add(std::uint64_t key, int label, const Place& place);
  // Sorts what was added. `files` is the number of files.
  DuplicateReport report(int files);

 private:
  struct Entry {
    std::uint64_t key;
    std::int64_t position;
    std::int32_t file;
    std::int32_t label;
  };
  std::vector<Entry> entries_;
};

}  // namespace fastformer::data
