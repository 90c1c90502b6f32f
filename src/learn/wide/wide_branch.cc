// The two fits of the wide branch and its mix with the encoder.
#include "learn/wide/wide_branch.h"

#include <algorithm>
#include <numeric>

#include "model/branch_mix.h"

namespace fastformer::learn {

void WideOptions::describe(config::OptionSet& options) {
  options.group("Wide branch")
      .add("wide", &wide, {{"auto", WideBranch::kAuto}, {"off", WideBranch::kOff}},
           "a linear classifier over n-grams of the whole text beside the encoder")
      .add("wide-ngrams", &ngrams.words, {1, 5}, "longest n-grams of words")
      .add("wide-characters", &ngrams.longest, {0, 10},
           "longest n-grams of characters inside a word, from 3 on; 0: none")
      .add("wide-cost", &cost, {1e-6, 1e6}, "weight of its errors against large weights")
      .add("wide-min-documents", &min_documents, {1, 1000000}, "that an n-gram must occur in")
      .add("wide-size", &megabytes, {0, 100000}, "megabytes of its table, at most; 0: no limit");
}

WideBranchTraining::WideBranchTraining(const WideOptions& options, const WideRows& train,
                                       const WideRows& valid, const WideLabels& labels,
                                       std::uint64_t seed, const ParallelFor& parallel_for)
    : options_(options),
      targets_(train.targets),
      train_rows_(static_cast<std::int64_t>(train.texts.size())),
      labels_(labels),
      seed_(seed),
      parallel_for_(parallel_for),
      ngrams_(options.spill) {
  targets_.append(valid.targets);
  count_ngrams(options.ngrams, train.texts, parallel_for, ngrams_);
  count_ngrams(options.ngrams, valid.texts, parallel_for, ngrams_);
  table_ = fit(train_rows_);
  std::vector<std::int64_t> rows(valid.texts.size());
  std::iota(rows.begin(), rows.end(), train_rows_);
  const std::vector<float> columns = wide_scores(table_, ngrams_, rows, parallel_for);
  valid_scores_.resize(rows.size() * labels.count);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    model::spread_columns(std::span(columns).subspan(i * table_.columns(), table_.columns()),
                          std::span(valid_scores_).subspan(i * labels.count, labels.count));
  }
}

model::WideTable WideBranchTraining::fit(std::int64_t rows) const {
  WideExamples examples;
  examples.ngrams = &ngrams_;
  examples.label_count = labels_.count;
  examples.label_weights = labels_.weights;
  examples.single_label = labels_.kind == metrics::TargetKind::kSingle;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::span<const std::int32_t> labels = targets_.of(static_cast<std::size_t>(row));
    if (labels.empty() && examples.single_label) continue;
    examples.documents.push_back(row);
    if (!targets_.is_soft()) {
      examples.labels.emplace_back(labels.begin(), labels.end());
      continue;
    }
    // A hinge loss asks every label on which side a document is, which no share answers: the
    // largest share does, and says how much the document counts.
    const std::span<const float> shares = targets_.shares_of(static_cast<std::size_t>(row));
    const auto largest = std::max_element(shares.begin(), shares.end()) - shares.begin();
    examples.labels.push_back({labels[static_cast<std::size_t>(largest)]});
    examples.weights.push_back(shares[static_cast<std::size_t>(largest)]);
  }
  WideFitOptions fit_options;
  fit_options.ngrams = options_.ngrams;
  fit_options.cost = options_.cost;
  fit_options.min_documents = options_.min_documents;
  fit_options.max_bytes = static_cast<std::int64_t>(options_.megabytes * 1e6);
  fit_options.seed = seed_;
  fit_options.spill = options_.spill;
  return fit_wide(examples, fit_options, parallel_for_);
}

model::WideTable WideBranchTraining::fit_on_all() const {
  return fit(static_cast<std::int64_t>(targets_.size()));
}

}  // namespace fastformer::learn
