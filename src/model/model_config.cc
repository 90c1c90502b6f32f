// Field lists and checks of the model's configuration.
#include "model/model_config.h"

#include <fastformer/error.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/strings.h"

namespace fastformer::model {
namespace {

constexpr double kLowestTemperature = 1e-6;
constexpr double kHighestTemperature = 1e6;

bool is_utf8(const std::string& text) {
  try {
    config::Json(text).dump();
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

void check_labels(const std::vector<std::string>& labels) {
  if (labels.empty()) throw Error("there are no labels", "labels");
  std::set<std::string_view> seen;
  for (const std::string& label : labels) {
    const std::string called = "the label \"" + printable(label) + "\" ";
    if (!is_utf8(label)) throw Error(called + "is not UTF-8", "labels");
    if (!seen.insert(label).second) throw Error(called + "appears twice", "labels");
  }
}

}  // namespace

void EncoderOptions::describe(config::OptionSet& options) {
  options.group("Encoder")
      .add("encoder", &encoder, "NAME", "how tokens mix")
      .add("width", &width, {1, 65536}, "hidden units of a token")
      .add("heads", &heads, {1, 4096}, "attention heads; must divide the width")
      .add("layers", &layers, {1, 1000}, "blocks")
      .add("feed-forward", &feed_forward, {0, 1048576}, "feed-forward units; 0 leaves the part out")
      .add("positions", &positions,
           {{"learned", Positions::kLearned},
            {"sinusoidal", Positions::kSinusoidal},
            {"none", Positions::kNone}},
           "position embedding")
      .add("norm", &norm,
           {{"post", NormPlacement::kPost},
            {"pre", NormPlacement::kPre},
            {"none", NormPlacement::kNone}},
           "place of layer normalisation in a block")
      .add("norm-epsilon", &norm_epsilon, {0, 1}, "added to the variance in normalisation")
      .add("residual", &residual, "add each part's input to its output")
      .add("share-layers", &share_layers, "one layer's parameters serve all layers")
      .add("dropout", &dropout, {0, 0.99}, "share of hidden units dropped in training");
}

void FastformerOptions::describe(config::OptionSet& options) {
  options.group("Additive attention")
      .add("interaction", &interaction,
           {{"product", Interaction::kProduct},
            {"sum", Interaction::kSum},
            {"concatenation", Interaction::kConcatenation}},
           "how a global vector meets a token's vector")
      .add("head-scores", &head_scores,
           {{"whole", HeadScores::kWhole}, {"slice", HeadScores::kSlice}},
           "what a head's score sees of a query or key: all, or the head's slice")
      .add("share-query-value", &share_query_value, "the value is the query")
      .add("share-heads", &share_heads, "one projection serves all heads");
}

void ModelConfig::validate() const {
  if (task != "classification") {
    throw Error("unknown task \"" + task + "\"", "task", "Known: classification");
  }
  if (encoder.encoder != "fastformer") {
    throw Error("unknown encoder \"" + encoder.encoder + "\"", "encoder", "Known: fastformer");
  }
  if (encoder.width % encoder.heads != 0) {
    throw Error("the width " + std::to_string(encoder.width) + " is not a multiple of the " +
                    std::to_string(encoder.heads) + " heads",
                "heads", "Choose a divisor of the width");
  }
  if (vocabulary < 1) throw Error("the vocabulary is empty", "vocabulary");
  if (padding_id < -1 || padding_id >= vocabulary) {
    throw Error("the padding id " + std::to_string(padding_id) + " is not in the vocabulary of " +
                    std::to_string(vocabulary),
                "padding_id");
  }
  check_labels(labels);
  if (!(temperature >= kLowestTemperature && temperature <= kHighestTemperature)) {
    throw Error("the temperature " + format_double(temperature) + " is not from " +
                    format_double(kLowestTemperature) + " to " + format_double(kHighestTemperature),
                "temperature");
  }
}

}  // namespace fastformer::model
