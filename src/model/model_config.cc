// Field lists and checks of the model's configuration.
#include "model/model_config.h"

#include <fastformer/error.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/strings.h"
#include "text/utf8.h"

namespace fastformer::model {
namespace {

constexpr double kLowestTemperature = 1e-6;
constexpr double kHighestTemperature = 1e6;

void check_task(const std::string& name) {
  const std::vector<std::string>& known = task_names();
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  throw usage_error("unknown task \"" + printable(name) + "\"", "task", near_or_known(name, known));
}

void check_labels(const std::vector<std::string>& labels) {
  if (labels.empty()) throw Error("there are no labels", "labels");
  std::set<std::string_view> seen;
  for (const std::string& label : labels) {
    const std::string called = "the label \"" + printable(label) + "\" ";
    if (!text::is_valid_utf8(label)) throw Error(called + "is not UTF-8", "labels");
    if (!seen.insert(label).second) throw Error(called + "appears twice", "labels");
  }
}

void check_thresholds(const ModelConfig& config, const std::vector<double>& thresholds) {
  if (thresholds.empty()) return;
  if (!config.is_multi()) throw Error("a model of one label has none", "thresholds");
  const bool good = std::all_of(thresholds.begin(), thresholds.end(),
                                [](double value) { return value >= 0 && value <= 1; });
  if (thresholds.size() == config.labels.size() && good) return;
  throw Error("must be a number from 0 to 1 for each of the " +
                  std::to_string(config.labels.size()) + " labels",
              "thresholds");
}

void check_temperature(double temperature) {
  if (temperature >= kLowestTemperature && temperature <= kHighestTemperature) return;
  throw Error("the temperature " + format_double(temperature) + " is not from " +
                  format_double(kLowestTemperature) + " to " + format_double(kHighestTemperature),
              "temperature");
}

}  // namespace

void EncoderOptions::describe(config::OptionSet& options) {
  options.group("Encoder")
      .add("encoder", &encoder, "NAME", "how tokens mix: " + join(encoder_names(), ", "))
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
      .add("local", &local,
           {{"none", Local::kNone}, {"convolution", Local::kConvolution}, {"gated", Local::kGated}},
           "what mixes neighbouring tokens beside the attention")
      .add("local-width", &local_width, {1, 1023},
           "tokens that the local branch sees, the token itself in the middle; odd")
      .add(
          "pooling", &pooling,
          {{"attention", Pooling::kAttention}, {"max", Pooling::kMax}, {"both", Pooling::kBoth}},
          "a document's vector: its tokens' attention-weighted mean, their largest values, or both")
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
      .add("share-heads", &share_heads, "one projection serves all heads")
      .add("global-key", &global_key,
           "keys that met the global query are summed into a global key, which meets the values; "
           "else they take the values' place");
}

void FastformerOptions::validate(const ModelConfig&) const {
  if (global_key || share_query_value) return;
  throw usage_error("without a global key there are no values", "global-key",
                    "Leave one of --no-global-key and --no-share-query-value out");
}

void WideConfig::describe(config::OptionSet& options) {
  options.add("ngram_words", &ngrams.words, {1, 5}, "longest n-grams of words")
      .add("word_bits", &ngrams.word_bits, {8, 23}, "buckets of n-grams of words, as a power of 2")
      .add("shortest", &ngrams.shortest, {1, 10}, "characters of an n-gram inside a word")
      .add("longest", &ngrams.longest, {0, 10}, "characters of an n-gram inside a word; 0: none")
      .add("character_bits", &ngrams.character_bits, {8, 23}, "buckets of n-grams of characters")
      .add("features", &features, {0, 1 << 24}, "rows of the table")
      .add("wide_factor", &wide_factor, {0, 1e9}, "weight of the wide branch's scores")
      .add("encoder_factor", &encoder_factor, {0, 1e9}, "weight of the encoder's logits")
      .add("offset", &offset, {-1e9, 1e9}, "added to every logit")
      .add("encoder_share", &encoder_share, {kUnknownShare, 1},
           "the encoder's share of the answer; -1: not known");
}

const std::vector<std::string>& task_names() {
  static const std::vector<std::string> names = {kClassification, kPretraining};
  return names;
}

EncoderChoices& ModelConfig::choices() {
  if (encoder.encoder == kFastformer) return fastformer;
  if (EncoderChoices* found = others.find(encoder.encoder)) return *found;
  throw UnknownEncoder(encoder.encoder, "encoder", ErrorKind::kUsage);
}

const EncoderChoices& ModelConfig::choices() const {
  return const_cast<ModelConfig*>(this)->choices();
}

void ModelConfig::describe_encoder(config::OptionSet& options) {
  encoder.describe(options);
  choices().describe(options);
}

void ModelConfig::describe_encoders(config::OptionSet& options) {
  encoder.describe(options);
  fastformer.describe(options);
  others.describe(options);
}

void ModelConfig::validate_choices() const {
  check_task(task);
  if (encoder.width % encoder.heads != 0) {
    throw usage_error("the width " + std::to_string(encoder.width) + " is not a multiple of the " +
                          std::to_string(encoder.heads) + " heads",
                      "heads", "Choose a divisor of the width");
  }
  if (encoder.local_width % 2 == 0) {
    throw usage_error("the local width " + std::to_string(encoder.local_width) + " is even",
                      "local-width", "A token stands in the middle of what its branch sees");
  }
  choices().validate(*this);
}

void ModelConfig::validate() const {
  validate_choices();
  if (vocabulary < 1) throw Error("the vocabulary is empty", "vocabulary");
  if (padding_id < -1 || padding_id >= vocabulary) {
    throw Error("the padding id " + std::to_string(padding_id) + " is not in the vocabulary of " +
                    std::to_string(vocabulary),
                "padding_id");
  }
  if (wide.present && wide.features > wide.ngrams.buckets()) {
    throw Error(std::to_string(wide.features) + " features are more than the " +
                    std::to_string(wide.ngrams.buckets()) + " buckets",
                "wide");
  }
  if (is_pretrained_encoder()) {
    if (!labels.empty()) throw Error("a pretrained encoder has no labels", "labels");
    if (wide.present) throw Error("a pretrained encoder has no wide branch", "wide");
  } else {
    check_labels(labels);
  }
  check_thresholds(*this, thresholds);
  check_temperature(temperature);
  for (const std::optional<BranchReading>& alone : {wide_alone, encoder_alone}) {
    if (!alone) continue;
    check_thresholds(*this, alone->thresholds);
    check_temperature(alone->temperature);
  }
}

}  // namespace fastformer::model
