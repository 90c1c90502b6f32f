// Rows to train and validate on: read and split.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/parallel.h"
#include "data/corpus_options.h"
#include "data/row_store.h"
#include "data/targets.h"
#include "io/cache_folder.h"
#include "metrics/target_kind.h"

namespace fastformer::apps {

// Which files hold the rows, and how they are read.
struct TrainingFiles {
  std::vector<std::string> train;
  std::vector<std::string> valid;
  double valid_share = 0.1;
  int folds = 0;
  std::string soft_label_column;  // of the training files
  data::CorpusOptions corpus;

  void describe(config::OptionSet& options);
  bool has_validation() const { return !valid.empty() || (valid_share > 0 && folds <= 1); }
};

// Rows of a store, which has their texts and places.
struct Rows {
  std::shared_ptr<const data::RowStore> store;
  std::vector<std::size_t> numbers;     // in the store
  std::vector<std::string_view> texts;  // in the store
  // By the model's labels; labels that it does not have are numbered on from them.
  data::Targets targets;

  std::size_t size() const { return texts.size(); }
  void add(const Rows& from, std::size_t row);
};

struct TrainingRows {
  Rows train, valid;
  std::vector<std::string> labels;  // the model's, in its order
  metrics::TargetKind target = metrics::TargetKind::kSingle;
  // The part, from 0, of each training row when every part is to be held against a training on the
  // others; empty when validation rows do that.
  std::vector<int> folds;
  std::vector<std::string> train_files, valid_files;  // which the places are in

  int parts() const;  // that are held out in turn; 1 without folds
  // A hash of all rows and of how they are split.
  std::uint64_t fingerprint() const;
  // Copies with the rows of one part as validation rows.
  TrainingRows without_fold(int fold) const;
};

// Reads the files and, without validation files, splits the rows into files.folds parts or a share
// of them off, by the seed; with folds = 0 few rows are split into parts. Logs what was read and
// repaired. Throws when there is nothing to learn from. The rows' kind of target
// is the one that is asked for, or kMulti when a row has a list of labels. With a soft_label_column
// the training files hold distributions, the validation files labels as ever.
TrainingRows read_training_rows(const TrainingFiles& files, std::int64_t seed,
                                const io::CacheFolder& cache, const ParallelFor& threads);

}  // namespace fastformer::apps
