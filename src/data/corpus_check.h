// What there is to know about labelled files before training on them.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/parallel.h"
#include "data/corpus_options.h"
#include "data/duplicates.h"
#include "data/length_histogram.h"
#include "data/read_report.h"
#include "data/record.h"
#include "text/scripts.h"

namespace fastformer::data {

struct CheckedFile {
  std::string name;
  ReadReport read;          // rows, bad rows with reasons, repairs
  std::int64_t labels = 0;  // distinct ones
  std::int64_t empty = 0;   // documents of white space alone
  bool is_folder = false;   // of classes, a document per file
  // Of a folder: the names of its documents, at the positions of their places.
  std::vector<std::string> documents;
};

struct CheckedLabel {
  std::string label;
  std::int64_t rows = 0;
  std::vector<std::int64_t> file_rows;  // per file
};

// All facts, in the order of the files; labels by falling count, then by bytes.
struct CorpusFacts {
  std::vector<CheckedFile> files;
  std::vector<CheckedLabel> labels;
  std::int64_t rows = 0;
  std::int64_t empty = 0;        // likewise, in all files
  std::int64_t markup = 0;       // documents that lose something when HTML is taken off
  std::int64_t lists = 0;        // rows whose labels stand in a list
  LengthHistogram labels_a_row;  // where there are lists, also of rows with one label
  LengthHistogram words;         // runs of letters and digits or of signs: what --max-length counts
  LengthHistogram characters;
  text::LetterCounts letters;  // of the beginning of every document
  DuplicateReport duplicates;  // its labels index `labels`

  bool lacks_spaces() const { return text::lack_spaces(letters); }
  // "FILE, line N", or the path of a document in a folder.
  std::string describe(const Place& place) const;
};

struct CheckOptions {
  CorpusOptions corpus;
  bool needs_label = true;  // a row without one is malformed
  bool strip_html = false;  // look at the texts as they are without their tags
};

// Reads all files once, block by block, on all threads of the ParallelFor; the facts do not depend
// on their number. Keeps a few numbers per document, never the texts.
CorpusFacts check_corpus(const std::vector<std::string>& files, const CheckOptions& options,
                         const ParallelFor& parallel_for);

}  // namespace fastformer::data
