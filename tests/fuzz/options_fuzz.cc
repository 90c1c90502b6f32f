// Command lines, a word a line, and the same bytes as a file of options.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/command_line.h"
#include "config/json_text.h"
#include "data/batches.h"
#include "data/corpus_options.h"
#include "learn/training/training_options.h"
#include "model/model_config.h"
#include "target.h"

namespace fastformer::fuzz {
namespace {

// Describing the options takes longer than what is tested, so it is done once. Values begin anew
// with every input; where they came from does not, which nothing here asks.
struct AllOptions {
  model::ModelConfig model;
  data::CorpusOptions corpus;
  data::BatchOptions batches;
  learn::TrainingOptions training;
  config::OptionSet set;

  AllOptions() {
    corpus.describe(set);
    model.text.describe(set);
    model.describe_encoders(set);
    batches.describe(set);
    training.describe(set);
  }
  AllOptions(const AllOptions&) = delete;
  AllOptions& operator=(const AllOptions&) = delete;

  config::OptionSet& fresh() {
    static const model::ModelConfig kModel;
    static const data::CorpusOptions kCorpus;
    model = kModel;
    corpus = kCorpus;
    batches = {};
    training = {};
    return set;
  }
};

}  // namespace

void run(std::string_view bytes) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin <= bytes.size()) {
    const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
    words.emplace_back(bytes.substr(begin, end - begin));
    begin = end + 1;
  }
  // A file that --config names could be any of the machine's.
  for (const std::string& word : words) {
    if (word.find("config") != std::string::npos) return;
  }
  static AllOptions from_words, again, from_file;
  try {
    config::parse_command_line(from_words.fresh(), words, 2);
    const config::Json values = from_words.set.to_json();
    again.fresh().apply_json(values, config::Source::kFile, "again");
    promise(again.set.to_json() == values);
  } catch (const Error&) {
    // The same bytes may still be JSON.
  }
  from_file.fresh().apply_json(config::parse_json<config::Json>(bytes, "file"),
                               config::Source::kFile, "file");
}

}  // namespace fastformer::fuzz
