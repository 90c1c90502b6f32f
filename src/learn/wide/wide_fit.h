// Fits the wide branch: which n-grams to keep, their scales and the weights of every label.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "io/large_array.h"
#include "model/wide_table.h"

namespace fastformer::learn {

// N-gram counts of documents, end to end.
struct DocumentNgrams {
  io::LargeArray<text::NgramCount> counts;
  std::vector<std::size_t> offsets = {0};  // [documents + 1]

  explicit DocumentNgrams(const io::SpillPlace& place = {}) : counts(place) {}

  std::size_t size() const { return offsets.size() - 1; }
  std::span<const text::NgramCount> document(std::size_t i) const {
    return counts.slice(offsets[i], offsets[i + 1]);
  }
};

// Adds the counts of all texts, in their order.
void count_ngrams(const text::NgramOptions& options, std::span<const std::string_view> texts,
                  const ParallelFor& parallel_for, DocumentNgrams& ngrams);

// What the wide branch learns from.
struct WideExamples {
  const DocumentNgrams* ngrams = nullptr;
  std::vector<std::int64_t> documents;            // the ones to learn from
  std::vector<std::vector<std::int32_t>> labels;  // of each of `documents`
  std::vector<float> weights;                     // of each of `documents`; empty: all 1
  std::vector<float> label_weights;               // of each label; empty: all 1
  std::size_t label_count = 0;
  bool single_label = true;  // two labels then share one column: its score and the negative of it
};

struct WideFitOptions {
  text::NgramOptions ngrams;
  double cost = 1;
  int min_documents = 2;       // that a feature must occur in
  std::int64_t max_bytes = 0;  // of the table; 0: no limit
  std::uint64_t seed = 1;
  io::SpillPlace spill;  // of what is made of all documents
};

// One-vs-rest linear classifiers with squared hinge loss; the result does not depend on the number
// of threads.
model::WideTable fit_wide(const WideExamples& examples, const WideFitOptions& options,
                          const ParallelFor& parallel_for);

// Scores [documents, columns] of the listed documents.
std::vector<float> wide_scores(const model::WideTable& table, const DocumentNgrams& ngrams,
                               std::span<const std::int64_t> documents,
                               const ParallelFor& parallel_for);

}  // namespace fastformer::learn
