// Documents to label, from text or from lines of token ids.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "commands/classifier_input.h"

namespace fastformer::apps {

struct DocumentToLabel {
  std::string id;
  std::string text;  // none of token ids
  ClassifierInput input;
};

// Hands out documents in blocks, in order; a pipe's as they arrive.
class DocumentReader {
 public:
  virtual ~DocumentReader() = default;
  // Replaces `block`; false at the end. What is wrong with a document is thrown after those before
  // it were handed out.
  virtual bool read_block(std::vector<DocumentToLabel>& block) = 0;
  // Logs what was repaired or skipped.
  virtual void report() const {}
};

std::unique_ptr<DocumentReader> read_texts(const std::string& input, data::CorpusOptions options,
                                           LoadedClassifier& classifier);

// Lines {"ids":[..]}; ids must be in the model's vocabulary. The padding id of an imported model is
// taken off the end; inside a document it is an Error. Errors name file and line.
std::unique_ptr<DocumentReader> read_token_lines(const std::string& input,
                                                 LoadedClassifier& classifier);

}  // namespace fastformer::apps
