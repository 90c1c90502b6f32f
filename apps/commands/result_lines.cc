// Writes the lines of predict.
#include "commands/result_lines.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr std::size_t kLongestLabel = 1000;  // bytes shown

// Stands in text output where a document gets no label. Never one of the labels: brackets are added
// until it is none.
std::string abstention_word(const std::vector<std::string>& labels) {
  std::string word = "(abstained)";
  const auto reads_alike = [&word](const std::string& label) {
    return printable(label, kLongestLabel) == word;
  };
  while (std::any_of(labels.begin(), labels.end(), reads_alike)) word = "(" + word + ")";
  return word;
}

}  // namespace

void ResultFormat::describe(config::OptionSet& options) {
  options.add("json", &json, "a JSON object per line")
      .add("top-k", &top_k, {0, 1000000}, "labels per document; 0: all")
      .add("min-score", &min_score, {0, 1}, "give no label below this probability")
      .add("raw-scores", &raw_scores, "with --json: the logits too");
}

ResultLines::ResultLines(const ResultFormat& format, const model::ModelConfig& config)
    : format_(format), config_(config), abstention_(abstention_word(config.labels)) {}

std::string ResultLines::line(const std::string& id, bool truncated,
                              std::span<const float> logits) const {
  const model::Decision decision = model::decide(logits, format_.top_k, config_.temperature);
  return format_.json ? json_line(id, truncated, logits, decision) : text_line(id, decision);
}

bool ResultLines::abstains(const model::Decision& decision) const {
  return decision.ranked[0].score < format_.min_score;
}

const std::string& ResultLines::label_of(const model::Ranked& ranked) const {
  return config_.labels[static_cast<std::size_t>(ranked.label)];
}

std::string ResultLines::json_line(const std::string& id, bool truncated,
                                   std::span<const float> logits,
                                   const model::Decision& decision) const {
  Json line = Json::object();
  if (format_.has_id) line["id"] = id;
  const bool abstained = abstains(decision);
  line["label"] = abstained ? Json(nullptr) : Json(label_of(decision.ranked[0]));
  line["score"] = decision.ranked[0].score;
  if (format_.min_score > 0) line["abstained"] = abstained;
  line["labels"] = Json::array();
  for (const model::Ranked& ranked : decision.ranked) {
    line["labels"].push_back({{"label", label_of(ranked)}, {"score", ranked.score}});
  }
  line["truncated"] = truncated;
  if (format_.raw_scores) line["logits"] = std::vector<float>(logits.begin(), logits.end());
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ResultLines::text_line(const std::string& id, const model::Decision& decision) const {
  const auto scored = [](const std::string& label, double score) {
    return printable(label, kLongestLabel) + "\t" + format_fixed(score, 4);
  };
  std::vector<std::string> cells;
  if (format_.has_id) cells.push_back(printable(id, 1000));
  if (abstains(decision)) {
    cells.push_back(scored(abstention_, decision.ranked[0].score));
  } else {
    for (const model::Ranked& ranked : decision.ranked) {
      cells.push_back(scored(label_of(ranked), ranked.score));
    }
  }
  return join(cells, "\t") + "\n";
}

}  // namespace fastformer::apps
