// The options that commands on trained models share.
#pragma once

#include <string>

#include "data/corpus_options.h"
#include "runtime/classifier.h"

namespace fastformer::apps {

// Which branches of a model make its logits.
enum class Branch { kBoth, kWide, kEncoder };

// The numbers that an encoder multiplies; kModel: those that the model was made for.
enum class Numbers { kModel, kFloat32, kBfloat16, kInt8 };
runtime::Precision precision_of(Numbers numbers, const model::ModelConfig& config);

// Which model is used, on how many threads, and how its input is read.
struct ModelUse {
  std::string model;
  int threads = 0;  // 0: all processors
  Branch branch = Branch::kBoth;
  Numbers precision = Numbers::kModel;
  data::CorpusOptions corpus;

  // --model under the heading "Files", where a command adds its own files.
  void describe_model(config::OptionSet& options);
  // What follows a command's own options: the threads and the input.
  void describe_running(config::OptionSet& options);
};

// --precision.
void describe_precision(config::OptionSet& options, Numbers* precision);

}  // namespace fastformer::apps
