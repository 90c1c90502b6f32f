// Command lines, a word a line, and the same bytes as a file of options.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/command_line.h"
#include "config/json_text.h"
#include "data/corpus_options.h"
#include "model/model_config.h"
#include "target.h"

namespace fastformer::fuzz {
namespace {

struct AllOptions {
  model::ModelConfig model;
  data::CorpusOptions corpus;
  config::OptionSet set;

  AllOptions() {
    corpus.describe(set);
    model.text.describe(set);
    model.describe_encoders(set);
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
  AllOptions options;
  try {
    config::parse_command_line(options.set, words, 2);
    AllOptions again;
    again.set.apply_json(options.set.to_json(), config::Source::kFile, "again");
    promise(again.set.to_json() == options.set.to_json());
  } catch (const Error&) {
    // The same bytes may still be JSON.
  }
  AllOptions from_file;
  from_file.set.apply_json(config::parse_json<config::Json>(bytes, "file"), config::Source::kFile,
                           "file");
}

}  // namespace fastformer::fuzz
