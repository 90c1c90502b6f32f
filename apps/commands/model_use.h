// The options that commands on trained models share.
#pragma once

#include <fastformer/text_classifier.h>

#include <string>

#include "data/corpus_options.h"
#include "runtime/classifier.h"

namespace fastformer::apps {

// Which branches of a model make its logits.
enum class Branch { kBoth, kWide, kEncoder };

// The numbers that an encoder multiplies; kModel: those that the model was made for.
using Numbers = TextClassifier::Numbers;

// Which model is used, on how many threads, and how its input is read.
struct ModelUse {
  std::string model;
  int threads = 0;  // 0: all processors
  Branch branch = Branch::kBoth;
  Numbers precision = Numbers::kModel;
  std::string device = "cpu";  // that computes the encoder
  data::CorpusOptions corpus;

  // --model under the heading "Files", where a command adds its own files.
  void describe_model(config::OptionSet& options);
  // What follows a command's own options: the threads and the input.
  void describe_running(config::OptionSet& options);
};

// --precision.
void describe_precision(config::OptionSet& options, Numbers* precision);

}  // namespace fastformer::apps
