// Measures documents in parallel and counts them in order.
#include "data/corpus_check.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "data/corpus_reader.h"
#include "io/files.h"
#include "text/html.h"
#include "text/utf8.h"
#include "text/words.h"

namespace fastformer::data {
namespace {

// What is measured of a document by itself.
struct Measured {
  std::optional<std::uint64_t> key;  // nothing for an empty document
  std::int64_t words = 0;
  std::int64_t characters = 0;
  text::LetterCounts letters;
  bool has_markup = false;
};

bool may_have_markup(std::string_view text) {
  return text.find_first_of("<&") != std::string_view::npos;
}

Measured measure(std::string text, bool strip, std::string& scratch) {
  Measured measured;
  if (may_have_markup(text)) {
    std::string stripped = text::strip_html(text);
    measured.has_markup = stripped != text;
    if (strip) text = std::move(stripped);
  }
  measured.key = document_key(text, scratch);
  text::for_each_word(text, [&measured](std::string_view) { ++measured.words; });
  measured.characters = std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  });
  text::count_letters(text, measured.letters);
  return measured;
}

class Checker {
 public:
  Checker(const CheckOptions& options, const ParallelFor& parallel_for, std::size_t files)
      : options_(options), parallel_for_(parallel_for), file_count_(files) {}

  void read_file(const std::string& path) {
    CheckedFile& file = facts_.files.emplace_back();
    file.name = path == "-" ? "standard input" : path;
    file.is_folder = path != "-" && io::is_directory(path);
    CorpusReader reader({path}, options_.corpus, options_.needs_label, parallel_for_);
    std::vector<Record> block;
    while (reader.read_block(block)) add(block, file);
    file.read = reader.report();
    facts_.rows += file.read.rows;
  }

  CorpusFacts finish() {
    facts_.duplicates = finder_.report(static_cast<int>(facts_.files.size()));
    if (facts_.lists > 0) facts_.labels_a_row.add(1, single_labels_);
    sort_labels();
    for (CheckedFile& file : facts_.files) {
      const auto index = static_cast<std::size_t>(&file - facts_.files.data());
      file.labels =
          std::count_if(facts_.labels.begin(), facts_.labels.end(),
                        [index](const CheckedLabel& label) { return label.file_rows[index] > 0; });
    }
    return std::move(facts_);
  }

 private:
  void add(std::vector<Record>& block, CheckedFile& file) {
    std::vector<Measured> measured(block.size());
    parallel_for_(
        static_cast<std::int64_t>(block.size()), 16, [&](std::int64_t begin, std::int64_t end) {
          std::string scratch;
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
            measured[i] = measure(std::move(block[i].text), options_.strip_html, scratch);
          }
        });
    const int number = static_cast<int>(facts_.files.size()) - 1;
    for (std::size_t i = 0; i < block.size(); ++i) {
      Place place = {number, block[i].line};
      if (file.is_folder) {
        place.position = static_cast<std::int64_t>(file.documents.size());
        file.documents.push_back(std::move(block[i].id));
      }
      count(measured[i], label_of(block[i], number), place);
    }
  }

  void count(const Measured& measured, int label, const Place& place) {
    facts_.words.add(measured.words);
    facts_.characters.add(measured.characters);
    facts_.letters += measured.letters;
    facts_.markup += measured.has_markup;
    if (measured.key) {
      finder_.add(*measured.key, label, place);
    } else {
      ++facts_.empty;
      ++facts_.files.back().empty;
    }
  }

  // Counts the record's labels. The number of its one label; -1 for a list, as documents whose
  // lists differ do not contradict each other.
  int label_of(const Record& record, int file) {
    if (!record.has_list) {
      single_labels_ += record.has_label;
      return record.has_label ? count_label(record.label, file) : -1;
    }
    for (const std::string& label : record.labels) count_label(label, file);
    ++facts_.lists;
    facts_.labels_a_row.add(static_cast<std::int64_t>(record.labels.size()));
    return -1;
  }

  int count_label(const std::string& name, int file) {
    const auto [at, is_new] = label_numbers_.emplace(name, static_cast<int>(facts_.labels.size()));
    if (is_new) facts_.labels.push_back({name, 0, std::vector<std::int64_t>(file_count_)});
    CheckedLabel& label = facts_.labels[static_cast<std::size_t>(at->second)];
    ++label.rows;
    ++label.file_rows[static_cast<std::size_t>(file)];
    return at->second;
  }

  // Puts labels into the order of the facts, also where duplicates name them.
  void sort_labels() {
    std::vector<int> order(facts_.labels.size());
    std::iota(order.begin(), order.end(), 0);
    const auto label = [this](int i) -> const CheckedLabel& {
      return facts_.labels[static_cast<std::size_t>(i)];
    };
    std::sort(order.begin(), order.end(), [&](int a, int b) {
      return label(a).rows != label(b).rows ? label(a).rows > label(b).rows
                                            : label(a).label < label(b).label;
    });
    std::vector<int> place(order.size());
    std::vector<CheckedLabel> sorted;
    for (const int old : order) {
      place[static_cast<std::size_t>(old)] = static_cast<int>(sorted.size());
      sorted.push_back(std::move(facts_.labels[static_cast<std::size_t>(old)]));
    }
    facts_.labels = std::move(sorted);
    for (Conflict& conflict : facts_.duplicates.conflicts) {
      for (auto& [old, where] : conflict.labels) old = place[static_cast<std::size_t>(old)];
    }
    for (LabelPair& pair : facts_.duplicates.conflicting_labels) {
      const int a = place[static_cast<std::size_t>(pair.first)];
      const int b = place[static_cast<std::size_t>(pair.second)];
      std::tie(pair.first, pair.second) = std::minmax(a, b);
    }
  }

  const CheckOptions& options_;
  const ParallelFor& parallel_for_;
  std::size_t file_count_;
  std::unordered_map<std::string, int> label_numbers_;
  DuplicateFinder finder_;
  CorpusFacts facts_;
  std::int64_t single_labels_ = 0;  // rows with one label that is no list
};

}  // namespace

std::string CorpusFacts::describe(const Place& place) const {
  const CheckedFile& file = files[static_cast<std::size_t>(place.file)];
  if (!file.is_folder) return file.name + ", line " + std::to_string(place.position);
  return io::join_path(file.name, file.documents[static_cast<std::size_t>(place.position)]);
}

CorpusFacts check_corpus(const std::vector<std::string>& files, const CheckOptions& options,
                         const ParallelFor& parallel_for) {
  Checker checker(options, parallel_for, files.size());
  for (const std::string& path : files) checker.read_file(path);
  return checker.finish();
}

}  // namespace fastformer::data
