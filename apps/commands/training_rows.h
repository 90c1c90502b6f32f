// Rows to train and validate on: read, split and turned into token ids.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "data/corpus_reader.h"
#include "learn/tasks/classification.h"
#include "text/tokenizer.h"

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

struct Rows {
  std::vector<std::string> texts;
  std::vector<std::vector<std::string>> labels;  // of each text
  std::vector<std::vector<float>> shares;        // of each label, where the rows are soft
  std::vector<std::string> places;  // where the rows stand, for errors; empty unless asked for
};

struct TrainingRows {
  Rows train, valid;
  std::vector<std::string> labels;  // the model's, in its order
  metrics::TargetKind target = metrics::TargetKind::kSingle;
  // The part, from 0, of each training row when every part is to be held against a training on the
  // others; empty when validation rows do that.
  std::vector<int> folds;

  int parts() const;  // that are held out in turn; 1 without folds
  // A hash of all rows and of how they are split.
  std::uint64_t fingerprint() const;
  // Copies with the rows of one part as validation rows.
  TrainingRows without_fold(int fold) const;
};

struct EncodedRows {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  learn::LabelledDocuments train, valid;
  std::int64_t truncated_train = 0, truncated_valid = 0;  // documents
  std::int64_t unknown_valid = 0;  // rows with a label that no training row has

  void log() const;
};

// Reads the files and, without validation files, splits the rows into files.folds parts or a share
// of them off, by the seed; with folds = 0 few rows are split into parts. Logs what was read and
// repaired. Throws when there is nothing to learn from. The rows' kind of target
// is the one that is asked for, or kMulti when a row has a list of labels. With a soft_label_column
// the training files hold distributions, the validation files labels as ever.
TrainingRows read_training_rows(const TrainingFiles& files, std::int64_t seed, bool keeps_places,
                                const ParallelFor& threads);

// Trains the tokenizer, unless there is one, on the training rows alone and encodes all rows.
// Labels of validation rows that no training row has are left out.
EncodedRows encode_rows(const TrainingRows& rows, text::TextOptions& options,
                        std::shared_ptr<const text::Tokenizer> tokenizer,
                        const ParallelFor& threads);

}  // namespace fastformer::apps
