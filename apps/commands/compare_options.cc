// Field list of CompareOptions, and the cells that follow from it.
#include "commands/compare_options.h"

#include <fastformer/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/strings.h"
#include "commands/compare_told.h"
#include "config/command_line.h"
#include "model/encoder_choices.h"

namespace fastformer::apps {
namespace {

using config::Json;
using config::Option;

constexpr std::int64_t kLongest = 1 << 24;

// Options of train that compare sets itself, or that make no sense for many trainings.
struct Refused {
  const char* name;
  const char* advice;
};

constexpr Refused kRefused[] = {
    {"encoder", "Say --encoders"},
    {"seed", "Say --seeds"},
    {"resume", "The same command goes on by itself"},
    {"task", "Only classifiers are compared"},
};

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  for (const std::string& word : split(list, ',')) {
    if (!trim(word).empty()) words.emplace_back(trim(word));
  }
  return words;
}

std::vector<std::int64_t> numbers_of(const std::string& list, const std::string& flag,
                                     std::int64_t least, std::int64_t most) {
  std::vector<std::int64_t> numbers;
  for (const std::string& word : words_of(list)) {
    const std::optional<std::int64_t> number = parse_int(word);
    if (!number || *number < least || *number > most) {
      throw usage_error("\"" + printable(word) + "\" is no number from " + std::to_string(least) +
                            " to " + std::to_string(most),
                        flag, "Give numbers with commas between them");
    }
    if (std::find(numbers.begin(), numbers.end(), *number) != numbers.end()) {
      throw usage_error(word + " is given twice", flag);
    }
    numbers.push_back(*number);
  }
  return numbers;
}

bool is_given(const Option& option) { return option.source > config::Source::kPreset; }

// The option as flags, a word each. Files keep their names, which say what they hold.
std::vector<std::string> flags_of(const Option& option) {
  const Json value = option.get_json();
  if (value.is_boolean()) return {(value.get<bool>() ? "--" : "--no-") + option.name};
  const auto text = [](const Json& one) {
    return one.is_string() ? one.get<std::string>() : one.dump();
  };
  std::vector<std::string> flags;
  for (const Json& one : value.is_array() ? value : Json::array({value})) {
    flags.push_back("--" + option.name + "=" + text(one));
  }
  return flags;
}

// Names of the options that an encoder has of its own.
std::set<std::string> own_options(const std::string& encoder) {
  model::ModelConfig config;
  config.encoder.encoder = encoder;
  config::OptionSet set;
  config.choices().describe(set);
  std::set<std::string> names;
  for (const Option& option : set.options()) names.insert(option.name);
  return names;
}

// Those of all encoders but `encoder`.
std::set<std::string> options_of_others(const std::string& encoder) {
  std::set<std::string> names;
  for (const std::string& name : model::encoder_names()) {
    if (name != encoder) names.merge(own_options(name));
  }
  return names;
}

// Flags of an encoder that is not compared have no meaning.
void refuse_options_of_the_absent(const std::vector<Option>& given,
                                  const std::vector<learn::Variant>& variants) {
  std::set<std::string> absent = options_of_others("");
  for (const learn::Variant& variant : variants) {
    for (const std::string& name : own_options(variant.encoder)) absent.erase(name);
  }
  for (const Option& option : given) {
    if (!absent.contains(option.name)) continue;
    throw usage_error("is an option of an encoder that is not compared", "--" + option.name,
                      "Leave it out, or name its encoder in --encoders");
  }
}

std::vector<std::string> training_flags(const std::vector<Option>& given,
                                        const learn::Variant& variant) {
  const std::set<std::string> others = options_of_others(variant.encoder);
  // One training a cell, of the encoder alone, unless the user wants it otherwise.
  std::vector<std::string> flags = {"--wide=off", "--folds=1"};
  for (const Option& option : given) {
    if (others.contains(option.name)) continue;
    for (std::string& flag : flags_of(option)) flags.push_back(std::move(flag));
  }
  flags.push_back("--encoder=" + variant.encoder);
  flags.insert(flags.end(), variant.flags.begin(), variant.flags.end());
  return flags;
}

// What `evaluate` has to be told of the rows, as `train` was; groups and ids are nothing to it.
std::vector<std::string> evaluation_flags(const std::vector<Option>& given) {
  data::CorpusOptions corpus;
  config::OptionSet set;
  corpus.describe(set);
  std::vector<std::string> flags;
  for (const Option& option : given) {
    const bool is_its_own = option.name == "group-column" || option.name == "id-column";
    if (is_its_own || !set.find(option.name)) continue;
    for (std::string& flag : flags_of(option)) flags.push_back(std::move(flag));
  }
  return flags;
}

void check_files(const CompareOptions& options) {
  const std::vector<std::string>& train = options.train.files.train;
  require(options.train.output, "--output");
  if (train.empty() != options.test.empty()) {
    throw usage_error("--train and --test belong together", "", "See --help");
  }
  for (const std::vector<std::string>* files : {&train, &options.test}) {
    if (std::find(files->begin(), files->end(), "-") == files->end()) continue;
    throw usage_error("every training reads them, and standard input can be read once",
                      files == &train ? "--train" : "--test", "Give files");
  }
}

}  // namespace

void CompareOptions::describe_files(config::OptionSet& options) {
  options.group("Files")
      .add("train", &train.files.train, "FILE...", "training rows")
      .add("output", &train.output, "DIR", "folder of the comparison, new or to go on in");
}

void CompareOptions::describe_own(config::OptionSet& options) {
  options.group("Comparison")
      .add("test", &test, "FILE...", "rows on which the trained models are measured")
      .add("encoders", &encoders, "LIST",
           "encoders with commas between them; all without it: " +
               join(model::encoder_names(), ", "))
      .add("variants", &variants, "NAME",
           "what is compared: encoders, or the paper's ablations of Fastformer: interaction "
           "(function), (parameter) sharing")
      .add("seeds", &seeds, "LIST", "a training for each")
      .add("lengths", &lengths, "LIST",
           "tokens of a document for which time and memory are measured; none: no such sweep")
      .add("sweep-tokens", &sweep_tokens, {1, 1 << 24},
           "tokens of a batch of the sweep, or one document where that is longer")
      .add("budget", &budget, {0, 1e9},
           "seconds after which nothing more is begun; the same command goes on later")
      .add("cell-seconds", &cell_seconds, {0, 1e9},
           "seconds that a training may take; 0: as long as it needs")
      .add(
          "sweep-seconds", &sweep_seconds, {0, 1e9},
          "seconds that a measurement of the sweep may take; it ends its curve then; 0: as long as "
          "it needs")
      .add("cell-memory", &cell_memory, {0, 1e9},
           "megabytes that a training or measurement may hold; 0: nine tenths of what is free")
      .add("retry", &retry,
           "try again what a limit or a lack of memory has ended, in each run with this flag; "
           "without it, only what ended at a limit that is higher now")
      .add("keep-models", &keep_models, "keep the trained models, in DIR/cells")
      .add("json", &json, "one JSON object");
}

ComparePlan plan_of(const CompareOptions& options, const config::OptionSet& set) {
  for (const Refused& refused : kRefused) {
    const Option* option = set.find(refused.name);
    if (option && is_given(*option)) {
      throw usage_error("is not for a comparison", std::string("--") + refused.name,
                        refused.advice);
    }
  }
  check_files(options);
  ComparePlan plan;
  if (options.variants != "encoders" && !options.encoders.empty()) {
    throw usage_error("the variants are all of Fastformer", "--encoders", "Leave it out");
  }
  plan.variants =
      learn::variants_of(options.variants, options.encoders.empty() ? model::encoder_names()
                                                                    : words_of(options.encoders));
  const auto seeds = numbers_of(options.seeds, "--seeds", 0, std::int64_t{1} << 53);
  const auto lengths = options.sweeps() ? numbers_of(options.lengths, "--lengths", 1, kLongest)
                                        : std::vector<std::int64_t>();
  plan.cells = learn::cells_of(plan.variants,
                               options.test.empty() ? std::vector<std::int64_t>() : seeds, lengths);
  if (options.sweeps() && options.train.training.device != "cpu") {
    throw usage_error("the sweep by length is measured on the processor", "--device",
                      "Add --lengths none");
  }
  if (plan.cells.empty()) {
    throw usage_error("there is nothing to compare", "", "Give --train and --test, or --lengths");
  }

  CompareOptions owned;
  config::OptionSet own;
  owned.describe_own(own);
  std::vector<Option> given;
  for (const Option& option : set.options()) {
    const bool is_own = own.find(option.name) != nullptr || option.name == "output";
    if (!is_own && is_given(option)) given.push_back(option);
  }
  refuse_options_of_the_absent(given, plan.variants);
  for (const learn::Variant& variant : plan.variants) {
    plan.flags.push_back(training_flags(given, variant));
    model::ModelConfig config = options.train.model;
    config.encoder.encoder = variant.encoder;
    config::OptionSet choices;
    config.describe_encoder(choices);
    config::parse_command_line(choices, variant.flags, 0);
    config.validate_choices();
  }
  plan.evaluation_flags = evaluation_flags(given);
  plan.told = told_by(options, plan, given, options_of_others(""));
  return plan;
}

}  // namespace fastformer::apps
