// What a model is: its encoder, its switches and its task; enough to know every tensor's shape.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "kernels/switches.h"
#include "metrics/target_kind.h"
#include "model/encoder_choices.h"
#include "text/ngrams.h"
#include "text/text_options.h"

namespace fastformer::model {

// Values of `task`. A pretrained encoder has no labels and no head, but an output that guesses
// masked tokens.
inline constexpr const char* kClassification = "classification";
inline constexpr const char* kPretraining = "pretraining";

// The encoder that every program has.
inline constexpr const char* kFastformer = "fastformer";

// What every encoder shares: embedding, blocks and pooling around the part that mixes tokens.
struct EncoderOptions {
  std::string encoder = kFastformer;
  int width = 256;
  int heads = 16;
  int layers = 2;
  int feed_forward = 256;  // units; 0 leaves the feed-forward part out
  Positions positions = Positions::kLearned;
  NormPlacement norm = NormPlacement::kPost;
  double norm_epsilon = 1e-12;
  bool residual = true;
  bool share_layers = false;  // one layer's parameters serve all layers
  Local local = Local::kNone;
  int local_width = 3;  // tokens that a local branch sees, odd
  Pooling pooling = Pooling::kAttention;
  double dropout = 0.2;

  int head_width() const { return width / heads; }
  // What the head reads of a document.
  int pooled_width() const { return pooling == Pooling::kBoth ? 2 * width : width; }
  void describe(config::OptionSet& options);
};

// The choices of additive attention itself.
struct FastformerOptions : ChoicesOf<FastformerOptions> {
  Interaction interaction = Interaction::kProduct;
  HeadScores head_scores = HeadScores::kWhole;
  bool share_query_value = true;
  bool share_heads = false;  // one [head width, width] projection serves all heads
  bool global_key = true;    // else the second pooling is left out: docs/algebra.md

  void describe(config::OptionSet& options) override;
  void validate(const ModelConfig& config) const override;
  void add_layer(TensorTable& table, const std::string& prefix,
                 const ModelConfig& config) const override;
};

// The wide branch beside the encoder: its features, and how its scores join the encoder's logits:
//   logits = wide_factor * scores + encoder_factor * the encoder's + offset.
struct WideConfig {
  static constexpr double kUnknownShare = -1;  // no rows were held out, or no program wrote it yet

  bool present = false;
  text::NgramOptions ngrams;
  std::int64_t features = 0;  // rows of its table
  double wide_factor = 1;
  double encoder_factor = 1;
  double offset = 0;
  double encoder_share = kUnknownShare;  // of the answer, from 0 to 1, on the rows of the fit

  bool knows_share() const { return encoder_share >= 0; }
  void describe(config::OptionSet& options);
};

// How the logits of one branch by itself become answers: see ModelConfig.
struct BranchReading {
  double temperature = 1;
  std::vector<double> thresholds;
};

// The whole configuration of a model, as stored in config.json.
struct ModelConfig {
  std::string task = kClassification;
  EncoderOptions encoder;
  FastformerOptions fastformer;
  OtherChoices others;  // of encoders that are not chosen, too
  text::TextOptions text;
  WideConfig wide;
  std::int64_t vocabulary = 0;   // rows of the word embedding
  std::int64_t padding_id = -1;  // an id that stands for no token (imported models), or -1
  std::vector<std::string> labels;
  metrics::TargetKind target = metrics::TargetKind::kSingle;
  // Of kMulti: the probability from which on a label is given, one a label, or none for 0.5.
  std::vector<double> thresholds;
  double temperature = 1;  // divides logits before they become probabilities
  // Where training fitted them for each branch of two.
  std::optional<BranchReading> wide_alone, encoder_alone;
  bool quantized = false;  // weights are stored in whole numbers of 8 bits: see stored_in_bytes

  bool is_pretrained_encoder() const { return task == kPretraining; }
  bool is_multi() const { return target == metrics::TargetKind::kMulti; }
  // Columns of the wide branch's table: one serves both where one of two labels is given.
  std::int64_t wide_columns() const {
    return labels.size() == 2 && !is_multi() ? 1 : static_cast<std::int64_t>(labels.size());
  }

  // The chosen encoder's own options; a name that the program does not know is an UnknownEncoder.
  EncoderChoices& choices();
  const EncoderChoices& choices() const;
  // The options of the encoder: what all encoders share, and its own.
  void describe_encoder(config::OptionSet& options);
  // The same with the own options of all encoders, of which one is still to be chosen.
  void describe_encoders(config::OptionSet& options);

  // Throws a usage error that names the option when a choice is not known or choices do not fit
  // together (heads must divide width): what can be said before the corpus is read.
  void validate_choices() const;
  // The same for the whole: also labels where the task has them, a vocabulary, ...
  void validate() const;
};

// What `task` may be.
const std::vector<std::string>& task_names();

}  // namespace fastformer::model
