// Documents for a model folder's classifier, read in blocks and turned into logits.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "commands/encoder_branch.h"
#include "commands/model_use.h"
#include "data/corpus_reader.h"
#include "text/pipeline.h"

namespace fastformer::apps {

// A document as the branches of a model read it.
struct ClassifierInput {
  text::Document tokens;
  std::vector<float> wide;  // scores [columns] of the wide branch; empty without one
};

// A loaded model and what it needs to read text.
class LoadedClassifier {
 public:
  explicit LoadedClassifier(const ModelUse& use);

  const model::ModelConfig& config() const { return config_; }
  // How the training data's columns were named; a user's own options come on top.
  const config::Json& training_data_options() const { return data_options_; }
  ParallelFor parallel_for() { return pool_.parallel_for(); }

  // Lets one branch alone answer. Throws when the model has no wide branch to choose from.
  void choose(Branch branch);

  // Token ids of texts, truncated as the model wants it, and what the wide branch makes of them;
  // the last two as in text::Pipeline::encode_all.
  std::vector<ClassifierInput> encode(const std::vector<std::string>& texts,
                                      const text::PlaceOf& place_of = {},
                                      std::exception_ptr* refused = nullptr);
  // Logits [documents, labels], row-major.
  std::vector<float> logits(const std::vector<ClassifierInput>& documents);

 private:
  void mix(const std::vector<ClassifierInput>& documents, std::vector<float>& logits) const;

  model::ModelFolder folder_;
  model::ModelConfig config_;  // the folder's, as the chosen branch reads it
  config::Json data_options_;
  ThreadPool pool_;
  std::unique_ptr<EncoderBranch> encoder_;
  std::optional<text::Pipeline> pipeline_;
  model::WideConfig wide_;
};

// Lets the columns that the model was trained on hold where the user named none and the file has
// such columns.
void adopt_columns(data::CorpusOptions& options, const config::Json& trained);

}  // namespace fastformer::apps
