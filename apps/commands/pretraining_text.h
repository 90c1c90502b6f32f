// Reading and encoding of the text that an encoder is pretrained on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "data/corpus_options.h"
#include "data/documents.h"
#include "io/cache_folder.h"
#include "text/text_options.h"
#include "text/tokenizer.h"

namespace fastformer::apps {

struct PretrainingFiles {
  std::vector<std::string> text;
  double valid_share = 0.05;
  data::CorpusOptions corpus;

  void describe(config::OptionSet& options);
};

// Token ids of documents, those longer than max_length cut into several; none is empty.
struct PretrainingText {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  data::Documents train, valid;

  // A hash of all words and ids.
  std::uint64_t fingerprint() const;
};

// Reads all files, labels or not, splits validation documents off and learns a tokenizer from the
// others, whose choices are settled in `options`. Validation is paid for with every word of the
// vocabulary, so it stops at some hundred thousand characters; documents beyond go to training.
PretrainingText read_pretraining_text(const PretrainingFiles& files, text::TextOptions& options,
                                      std::int64_t seed, const io::CacheFolder& cache,
                                      const ParallelFor& threads);

}  // namespace fastformer::apps
