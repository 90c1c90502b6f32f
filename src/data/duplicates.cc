// Hashes, sorts and walks over runs of equal keys.
#include "data/duplicates.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "base/random.h"
#include "base/strings.h"
#include "text/fold.h"
#include "text/utf8.h"
#include "text/words.h"

namespace fastformer::data {
namespace {

constexpr std::uint64_t kLetterSeed = 1;
constexpr std::uint64_t kSignSeed = 2;

// Moves the letters and digits of `text`, with their marks, to its front; returns their length.
std::size_t keep_letters_and_digits(std::string& text) {
  char* to = text.data();
  const char* const end = text.data() + text.size();
  bool after_letter = false;
  for (const char* at = text.data(); at < end;) {
    int length = 1;
    text::CharacterClass kind = text::kByteClass[static_cast<unsigned char>(*at)];
    if (kind == text::CharacterClass::kBeyondAscii) kind = text::class_at(at, end, length);
    const bool is_letter = kind == text::CharacterClass::kWord && *at != '_';
    const bool is_kept = is_letter || (after_letter && kind == text::CharacterClass::kMark);
    if (is_kept) to = std::copy(at, at + length, to);
    after_letter = is_kept;
    at += length;
  }
  return static_cast<std::size_t>(to - text.data());
}

}  // namespace

std::optional<std::uint64_t> document_key(std::string_view text, std::string& scratch) {
  const std::string_view trimmed = trim(text);
  if (trimmed.empty()) return std::nullopt;
  const std::string_view folded =
      text::fold(trimmed, text::NormalForm::kCompatible, /*lowercase=*/true, scratch);
  if (folded.data() != scratch.data()) scratch = folded;
  const std::size_t length = keep_letters_and_digits(scratch);
  if (length == 0) return hash_of(trimmed, kSignSeed);
  return hash_of(std::string_view(scratch).substr(0, length), kLetterSeed);
}

void DuplicateFinder::add(std::uint64_t key, int label, const Place& place) {
  entries_.push_back({key, place.position, place.file, label});
}

namespace {

// Counts over runs of documents that are the same.
class Walk {
 public:
  explicit Walk(int files) { report_.within.resize(static_cast<std::size_t>(files)); }

  // `rows` of one file, ordered by place; a document has one call per file that has it.
  void add_file(int file, std::int64_t rows) {
    report_.within[static_cast<std::size_t>(file)] += rows - 1;
    for (const auto& [other, other_rows] : files_) {
      SharedDocuments& shared = shared_[{other, file}];
      shared.rows_of_first += other_rows;
      shared.rows_of_second += rows;
    }
    files_.emplace_back(file, rows);
  }

  void add_label(int label, const Place& place) {
    const auto has_label = [label](const auto& seen) { return seen.first == label; };
    if (label >= 0 && std::none_of(labels_.begin(), labels_.end(), has_label)) {
      labels_.emplace_back(label, place);
    }
  }

  void end_document(std::int64_t rows, const Place& first) {
    if (rows > 1) keep_repeated({rows, first});
    if (labels_.size() > 1) {
      ++report_.conflicting_documents;
      report_.conflicting_rows += rows;
      count_pairs();
      keep_conflict({rows, labels_});
    }
    files_.clear();
    labels_.clear();
  }

  DuplicateReport finish() {
    for (auto& [files, shared] : shared_) {
      std::tie(shared.first, shared.second) = files;
      report_.shared.push_back(shared);
    }
    for (const auto& [labels, documents] : pairs_) {
      report_.conflicting_labels.push_back({labels.first, labels.second, documents});
    }
    std::stable_sort(report_.conflicting_labels.begin(), report_.conflicting_labels.end(),
                     [](const auto& a, const auto& b) { return a.documents > b.documents; });
    return std::move(report_);
  }

 private:
  // Keys are in the order of their hashes: examples are chosen by what a person knows.
  template <typename Example, typename Before>
  static void keep(std::vector<Example>& examples, Example example, const Before& before) {
    const auto at = std::upper_bound(examples.begin(), examples.end(), example, before);
    examples.insert(at, std::move(example));
    if (examples.size() > DuplicateReport::kExamples) examples.pop_back();
  }

  void keep_repeated(const RepeatedDocument& document) {
    keep(report_.repeated, document, [](const RepeatedDocument& a, const RepeatedDocument& b) {
      return a.rows != b.rows ? a.rows > b.rows : a.first < b.first;
    });
  }

  void keep_conflict(Conflict conflict) {
    keep(report_.conflicts, std::move(conflict), [](const Conflict& a, const Conflict& b) {
      return a.labels[0].second < b.labels[0].second;
    });
  }

  void count_pairs() {
    std::vector<int> numbers;
    for (const auto& [label, place] : labels_) numbers.push_back(label);
    std::sort(numbers.begin(), numbers.end());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      for (std::size_t j = i + 1; j < numbers.size(); ++j) ++pairs_[{numbers[i], numbers[j]}];
    }
  }

  DuplicateReport report_;
  std::map<std::pair<int, int>, SharedDocuments> shared_;
  std::map<std::pair<int, int>, std::int64_t> pairs_;
  std::vector<std::pair<int, std::int64_t>> files_;  // of the current document, with its rows
  std::vector<std::pair<int, Place>> labels_;        // likewise, with their first places
};

}  // namespace

DuplicateReport DuplicateFinder::report(int files) {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.key, a.file, a.position) < std::tie(b.key, b.file, b.position);
  });
  Walk walk(files);
  for (std::size_t begin = 0; begin < entries_.size();) {
    std::size_t end = begin, file_begin = begin;
    for (; end < entries_.size() && entries_[end].key == entries_[begin].key; ++end) {
      walk.add_label(entries_[end].label, {entries_[end].file, entries_[end].position});
      const bool ends_file = end + 1 == entries_.size() ||
                             entries_[end + 1].key != entries_[begin].key ||
                             entries_[end + 1].file != entries_[end].file;
      if (!ends_file) continue;
      walk.add_file(entries_[end].file, static_cast<std::int64_t>(end + 1 - file_begin));
      file_begin = end + 1;
    }
    walk.end_document(static_cast<std::int64_t>(end - begin),
                      {entries_[begin].file, entries_[begin].position});
    begin = end;
  }
  return walk.finish();
}

}  // namespace fastformer::data
