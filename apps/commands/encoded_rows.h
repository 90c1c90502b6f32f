// Rows as an encoder reads them: token ids, and the tokenizer that made them.
#pragma once

#include <cstdint>
#include <memory>

#include "base/parallel.h"
#include "commands/training_rows.h"
#include "learn/tasks/classification.h"
#include "text/tokenizer.h"

namespace fastformer::apps {

struct EncodedRows {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  learn::LabelledDocuments train, valid;
  std::int64_t truncated_train = 0, truncated_valid = 0;  // documents
  std::int64_t unknown_valid = 0;  // rows with a label that no training row has

  void log() const;
};

// Trains the tokenizer, unless there is one, on the training rows alone and encodes all rows, or
// takes both from the cache. Labels of validation rows that no training row has are left out.
EncodedRows encode_rows(const TrainingRows& rows, text::TextOptions& options,
                        std::shared_ptr<const text::Tokenizer> tokenizer,
                        const io::CacheFolder& cache, const ParallelFor& threads);

}  // namespace fastformer::apps
