// Writes the lines of predict.
#include "commands/result_lines.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/strings.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr std::size_t kLongestLabel = 1000;  // bytes shown

// `word`, which stands in text output where a document gets no label, in brackets. Never one of the
// labels: brackets are added until it is none.
std::string word_for_none(std::string word, const std::vector<std::string>& labels) {
  const auto reads_alike = [&word](const std::string& label) {
    return printable(label, kLongestLabel) == word;
  };
  do word = "(" + word + ")";
  while (std::any_of(labels.begin(), labels.end(), reads_alike));
  return word;
}

bool is_among(const std::vector<model::Ranked>& labels, int label) {
  return std::any_of(labels.begin(), labels.end(),
                     [label](const model::Ranked& ranked) { return ranked.label == label; });
}

}  // namespace

void ResultFormat::describe(config::OptionSet& options) {
  options.add("json", &json, "a JSON object per line")
      .add("top-k", &top_k, {0, 1000000},
           "labels per document; 0: all. Of a model that gives several: this many, whatever their "
           "scores")
      .add("min-score", &min_score, {0, 1}, "give no label below this probability")
      .add("echo-text", &echo_text, "with --json: the text too")
      .add("raw-scores", &raw_scores, "with --json: the logits too");
}

ResultLines::ResultLines(const ResultFormat& format, const model::ModelConfig& config)
    : format_(format),
      config_(config),
      abstention_(word_for_none("abstained", config.labels)),
      none_(word_for_none("none", config.labels)) {}

std::string ResultLines::line(const ResultDocument& document, std::span<const float> logits) const {
  if (config_.is_multi()) return multi_line(document, logits);
  const model::Decision decision = model::decide(logits, format_.top_k, config_.temperature);
  return format_.json ? json_line(document, logits, decision)
                      : single_text_line(document.id, decision);
}

Json ResultLines::begun_line(const ResultDocument& document) const {
  Json line = Json::object();
  if (format_.has_id) line["id"] = document.id;
  if (format_.echo_text) line["text"] = document.text;
  return line;
}

std::string ResultLines::ended_line(Json line, const ResultDocument& document,
                                    std::span<const float> logits) const {
  line["truncated"] = document.truncated;
  if (format_.raw_scores) line["logits"] = std::vector<float>(logits.begin(), logits.end());
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ResultLines::multi_line(const ResultDocument& document,
                                    std::span<const float> logits) const {
  const model::MultiDecision decision = model::decide_multi(
      logits, config_.thresholds, config_.temperature, format_.top_k, format_.min_score);
  std::vector<model::Ranked> shown = format_.top_k_asked ? decision.ranked : decision.chosen;
  if (!format_.json) {
    std::erase_if(shown,
                  [this](const model::Ranked& label) { return label.score < format_.min_score; });
    return text_line(document.id, shown, none_);
  }
  Json line = begun_line(document);
  line["labels"] = Json::array();
  for (std::size_t i = 0; i < shown.size(); ++i) {
    line["labels"].push_back({{"label", label_of(shown[i])},
                              {"score", shown[i].score},
                              {"chosen", is_among(decision.chosen, shown[i].label)}});
  }
  line["scores"] = "sigmoid";
  return ended_line(std::move(line), document, logits);
}

bool ResultLines::abstains(const model::Decision& decision) const {
  return decision.ranked[0].score < format_.min_score;
}

const std::string& ResultLines::label_of(const model::Ranked& ranked) const {
  return config_.labels[static_cast<std::size_t>(ranked.label)];
}

std::string ResultLines::json_line(const ResultDocument& document, std::span<const float> logits,
                                   const model::Decision& decision) const {
  Json line = begun_line(document);
  const bool abstained = abstains(decision);
  line["label"] = abstained ? Json(nullptr) : Json(label_of(decision.ranked[0]));
  line["score"] = decision.ranked[0].score;
  if (format_.min_score > 0) line["abstained"] = abstained;
  line["labels"] = Json::array();
  for (const model::Ranked& ranked : decision.ranked) {
    line["labels"].push_back({{"label", label_of(ranked)}, {"score", ranked.score}});
  }
  return ended_line(std::move(line), document, logits);
}

std::string ResultLines::single_text_line(std::string_view id,
                                          const model::Decision& decision) const {
  if (!abstains(decision)) return text_line(id, decision.ranked, "");
  return text_line(id, {}, abstention_ + "\t" + format_fixed(decision.ranked[0].score, 4));
}

std::string ResultLines::text_line(std::string_view id, std::span<const model::Ranked> labels,
                                   const std::string& otherwise) const {
  std::vector<std::string> cells;
  if (format_.has_id) cells.push_back(printable(id, 1000));
  for (const model::Ranked& ranked : labels) {
    cells.push_back(printable(label_of(ranked), kLongestLabel) + "\t" +
                    format_fixed(ranked.score, 4));
  }
  if (labels.empty()) cells.push_back(otherwise);
  return join(cells, "\t") + "\n";
}

}  // namespace fastformer::apps
