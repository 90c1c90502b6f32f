// Training of the wide branch beside an encoder: fitted without the validation rows to learn how
// the two mix, then on all rows.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/parallel.h"
#include "config/options.h"
#include "data/targets.h"
#include "learn/wide/wide_fit.h"
#include "metrics/target_kind.h"
#include "model/wide_table.h"

namespace fastformer::learn {

enum class WideBranch { kAuto, kOff };

struct WideOptions {
  WideBranch wide = WideBranch::kAuto;
  text::NgramOptions ngrams;
  double cost = 1;
  int min_documents = 2;
  double megabytes = 24;
  io::SpillPlace spill;  // of what is made of all rows; no option

  void describe(config::OptionSet& options);
};

// Texts (HTML stripped where the model wants it) and their labels.
struct WideRows {
  std::vector<std::string_view> texts;
  data::Targets targets;
};

// What is to be told apart.
struct WideLabels {
  std::size_t count = 0;
  metrics::TargetKind kind = metrics::TargetKind::kSingle;
  std::vector<float> weights;  // one a label; empty: 1
};

class WideBranchTraining {
 public:
  // Counts n-grams and fits on the training rows.
  WideBranchTraining(const WideOptions& options, const WideRows& train, const WideRows& valid,
                     const WideLabels& labels, std::uint64_t seed, const ParallelFor& parallel_for);

  // Scores [validation rows, labels] of the branch that learnt from the training rows alone.
  const std::vector<float>& valid_scores() const { return valid_scores_; }

  // Fits once more, on training and validation rows.
  model::WideTable fit_on_all() const;
  const model::WideTable& fitted_on_train() const { return table_; }

 private:
  model::WideTable fit(std::int64_t rows) const;

  WideOptions options_;
  data::Targets targets_;  // of all rows, the training rows first
  std::int64_t train_rows_ = 0;
  WideLabels labels_;
  std::uint64_t seed_ = 0;
  ParallelFor parallel_for_;
  DocumentNgrams ngrams_;
  model::WideTable table_;
  std::vector<float> valid_scores_;
};

}  // namespace fastformer::learn
