// Writes the model card, section by section.
#include "model/model_card.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "model/schema.h"
#include "text/repair.h"

namespace fastformer::model {
namespace {

using config::Json;

constexpr std::size_t kShownLabels = 100;
constexpr int kMetricDepth = 3;  // groups inside groups

std::string on_one_line(const std::string& text) {
  // Names of folders and files need not be UTF-8; the card is.
  text::RepairCounts repairs;
  return text::repair_text(printable(text, std::numeric_limits<std::size_t>::max()), repairs);
}

// Text that Markdown shows as it stands.
std::string escaped(const std::string& text) {
  constexpr std::string_view kSpecial = "\\`*_{}[]<>#|~&";
  std::string result;
  for (const char c : on_one_line(text)) {
    if (kSpecial.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

// An indented code block, which needs no fence that the code could close.
std::string code(const std::string& command) { return "    " + on_one_line(command) + "\n"; }

std::string value_text(const Json& value) {
  if (value.is_number_float()) return format_double(value.get<double>());
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string metric_text(const Json& value) {
  if (value.is_string()) return escaped(value.get<std::string>());
  const double number = value.get<double>();
  if (value.is_number_integer()) return format_count(value.get<std::int64_t>());
  return std::abs(number) < 1e6 ? format_fixed(number, 4) : format_double(number);
}

void add_metrics(std::string& text, const Json& metrics, const std::string& prefix, int depth) {
  for (const auto& [key, value] : metrics.items()) {
    if (value.is_number() || value.is_string()) {
      text += "| " + escaped(prefix + key) + " | " + metric_text(value) + " |\n";
    } else if (value.is_object() && depth < kMetricDepth) {
      add_metrics(text, value, prefix + key + ".", depth + 1);
    }
  }
}

std::string front_matter(const ModelConfig& config) {
  const std::string use = config.is_pretrained_encoder() ? "fill-mask" : "text-classification";
  return "---\nlibrary_name: fastformer\npipeline_tag: " + use + "\ntags:\n- fastformer\n---\n\n";
}

// What answers beside the encoder.
std::string branches(const WideConfig& wide) {
  if (!wide.present) return "";
  return " Beside the encoder a wide branch, a linear classifier over " +
         format_count(wide.features) + " n-grams of the whole text, has its say" +
         (wide.knows_share() ? ": the encoder's share of the answer is " +
                                   format_fixed(100 * wide.encoder_share, 0) + " %."
                             : ".");
}

std::string introduction(const CardFacts& facts) {
  const ModelConfig& config = facts.config;
  std::string text = "# " + escaped(facts.name) + "\n\nA " + escaped(config.encoder.encoder);
  text += config.is_pretrained_encoder()
              ? " encoder, pretrained to guess masked words of text without labels: " +
                    format_count(config.vocabulary) + " tokens in its vocabulary, "
              : " model for " + escaped(config.task) + ": " +
                    format_count(static_cast<std::int64_t>(config.labels.size())) + " labels, ";
  text += format_count(stored_numbers_of(config)) + " parameters, up to " +
          format_count(config.text.max_length) + " tokens per document." + branches(config.wide);
  if (config.is_multi()) {
    text +=
        " A document gets any number of labels, none included: those whose score is at least "
        "the label's threshold (in config.json). Scores are sigmoid: each label's own "
        "probability; they do not sum to one.";
  }
  return text + (facts.origin.empty() ? "" : " " + escaped(facts.origin)) + "\n";
}

std::string usage(const CardFacts& facts) {
  const std::string model = " --model " + shell_word(facts.name);
  if (facts.config.is_pretrained_encoder()) {
    return "\n## Use\n\nIt labels nothing by itself: train a classifier that begins with it.\n\n" +
           code("fastformer train --init-from " + shell_word(facts.name) +
                " --train labelled.csv --output my-model") +
           code("fastformer inspect " + shell_word(facts.name));
  }
  if (!facts.has_tokenizer) {
    return "\n## Use\n\nThe model has no tokenizer: it takes token ids, a line "
           "`{\"ids\": [..]}` per document.\n\n" +
           code("fastformer predict" + model + " --input ids.jsonl --token-ids") +
           code("fastformer inspect " + shell_word(facts.name));
  }
  return "\n## Use\n\nLabel documents, one per line; measure on labelled data; look inside.\n\n" +
         code("fastformer predict" + model + " --input documents.txt") +
         code("fastformer evaluate" + model + " --data labelled.csv") +
         code("fastformer inspect " + shell_word(facts.name));
}

std::string labels(const ModelConfig& config) {
  if (config.labels.empty()) return "";
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(kShownLabels, config.labels.size()); ++i) {
    shown.push_back(escaped(config.labels[i]));
  }
  const std::size_t hidden = config.labels.size() - shown.size();
  return "\n## Labels\n\n" + join(shown, ", ") +
         (hidden > 0 ? " and " + std::to_string(hidden) + " more (in config.json)" : "") + "\n";
}

std::string configuration(const ModelConfig& config) {
  ModelConfig copy = config;
  config::OptionSet options;
  copy.describe_encoder(options);
  copy.text.describe(options);
  std::string text = "\n## Configuration\n\n| option | value | meaning |\n| --- | --- | --- |\n";
  for (const config::Option& option : options.options()) {
    text += "| " + option.name + " | " + escaped(value_text(option.get_json())) + " | " +
            escaped(option.help) + " |\n";
  }
  return text;
}

}  // namespace

std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) || std::string_view("-_./").find(static_cast<char>(c)) < 4;
  });
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string model_card(const CardFacts& facts) {
  std::string text = front_matter(facts.config) + introduction(facts) + usage(facts);
  std::string rows;
  if (facts.metrics.is_object()) add_metrics(rows, facts.metrics, "", 1);
  if (!rows.empty()) text += "\n## Measured\n\n| metric | value |\n| --- | ---: |\n" + rows;
  text += labels(facts.config) + configuration(facts.config);
  if (!facts.training_command.empty()) {
    text += "\n## Training\n\n" + code(facts.training_command);
  }
  return text;
}

}  // namespace fastformer::model
