// What predict says about a document, as text or as JSON.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/decision.h"
#include "model/model_config.h"

namespace fastformer::apps {

struct ResultFormat {
  bool json = false;
  int top_k = 1;         // labels per document; 0: all
  double min_score = 0;  // a document whose best label has a lower probability gets none
  bool raw_scores = false;
  bool echo_text = false;
  bool has_id = false;
  bool top_k_asked = false;  // by the user

  void describe(config::OptionSet& options);
};

// A document as a result names it.
struct ResultDocument {
  std::string_view id;
  std::string_view text;
  bool truncated = false;
};

// Turns logits into lines. With JSON:
//   {"id" if has_id, "text" if echo_text, "label", "score", "abstained" if min_score > 0, "labels":
//   [{"label", "score"}],
//    "truncated", "logits" if raw_scores}; "label" is null where the model abstains
// As text: LABEL <tab> SCORE, top_k times, or (abstained) <tab> SCORE, with the id before it.
//
// Of a model that gives several labels, with JSON:
//   {"id" if has_id, "text" if echo_text, "labels": [{"label", "score", "chosen"}],
//   "scores": "sigmoid",
//    "truncated", "logits" if raw_scores}
// The labels are those whose score is at least their threshold and min_score, or, if top_k_asked,
// the top_k best. As text: LABEL <tab> SCORE of each of them, or (none).
class ResultLines {
 public:
  // Both must outlive it.
  ResultLines(const ResultFormat& format, const model::ModelConfig& config);

  // Ends in a line break.
  std::string line(const ResultDocument& document, std::span<const float> logits) const;

 private:
  std::string multi_line(const ResultDocument& document, std::span<const float> logits) const;
  // What the line of a document begins with.
  config::Json begun_line(const ResultDocument& document) const;
  // The line when all is in it.
  std::string ended_line(config::Json line, const ResultDocument& document,
                         std::span<const float> logits) const;
  bool abstains(const model::Decision& decision) const;
  const std::string& label_of(const model::Ranked& ranked) const;
  std::string json_line(const ResultDocument& document, std::span<const float> logits,
                        const model::Decision& decision) const;
  std::string single_text_line(std::string_view id, const model::Decision& decision) const;
  // The labels with their scores, or `otherwise` where there are none.
  std::string text_line(std::string_view id, std::span<const model::Ranked> labels,
                        const std::string& otherwise) const;

  const ResultFormat& format_;
  const model::ModelConfig& config_;
  std::string abstention_, none_;
};

}  // namespace fastformer::apps
