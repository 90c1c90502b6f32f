// Models with random weights for tests of the runtime, and the scalar reference on the same
// weights.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/reference/classifier.h"
#include "kernels/reference/named_weights.h"
#include "model/model_config.h"
#include "model/schema.h"
#include "runtime/classifier.h"

namespace fastformer::runtime {

using Ids = std::vector<std::int32_t>;

inline model::ModelConfig small_config() {
  model::ModelConfig config;
  config.encoder.width = 12;
  config.encoder.heads = 3;
  config.encoder.layers = 2;
  config.encoder.feed_forward = 10;
  config.encoder.norm_epsilon = 1e-5;
  config.text.max_length = 1100;
  config.vocabulary = 30;
  config.labels = {"a", "b", "c"};
  return config;
}

inline constexpr Precision kPrecisions[] = {Precision::kFloat32, Precision::kBfloat16,
                                            Precision::kInt8};

struct Variant {
  const char* name;
  void (*change)(model::ModelConfig&);
};

inline void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

inline constexpr Variant kVariants[] = {
    {"Published", [](model::ModelConfig&) {}},
    {"Sum", [](model::ModelConfig& c) { c.fastformer.interaction = Interaction::kSum; }},
    {"Concatenation",
     [](model::ModelConfig& c) { c.fastformer.interaction = Interaction::kConcatenation; }},
    {"SliceScores", [](model::ModelConfig& c) { c.fastformer.head_scores = HeadScores::kSlice; }},
    {"OwnValue", [](model::ModelConfig& c) { c.fastformer.share_query_value = false; }},
    {"SumOwnValue",
     [](model::ModelConfig& c) {
       c.fastformer.share_query_value = false;
       c.fastformer.interaction = Interaction::kSum;
     }},
    {"ConcatenationOfSharedSlices",
     [](model::ModelConfig& c) {
       c.fastformer.share_query_value = false;
       c.fastformer.share_heads = true;
       c.fastformer.head_scores = HeadScores::kSlice;
       c.fastformer.interaction = Interaction::kConcatenation;
     }},
    {"NoGlobalKey", [](model::ModelConfig& c) { c.fastformer.global_key = false; }},
    {"SumWithoutGlobalKey",
     [](model::ModelConfig& c) {
       c.fastformer.global_key = false;
       c.fastformer.interaction = Interaction::kSum;
     }},
    {"ConcatenationOfSharedHeadsWithoutGlobalKey",
     [](model::ModelConfig& c) {
       c.fastformer.global_key = false;
       c.fastformer.share_heads = true;
       c.fastformer.interaction = Interaction::kConcatenation;
     }},
    {"SharedHeads", [](model::ModelConfig& c) { c.fastformer.share_heads = true; }},
    {"SharedLayers", [](model::ModelConfig& c) { c.encoder.share_layers = true; }},
    {"OneLayer", [](model::ModelConfig& c) { c.encoder.layers = 1; }},
    {"Sinusoidal", [](model::ModelConfig& c) { c.encoder.positions = Positions::kSinusoidal; }},
    {"NoPositions", [](model::ModelConfig& c) { c.encoder.positions = Positions::kNone; }},
    {"PreNorm", [](model::ModelConfig& c) { c.encoder.norm = NormPlacement::kPre; }},
    {"NoNorm", [](model::ModelConfig& c) { c.encoder.norm = NormPlacement::kNone; }},
    {"NoFeedForward", [](model::ModelConfig& c) { c.encoder.feed_forward = 0; }},
    {"MaxPooling", [](model::ModelConfig& c) { c.encoder.pooling = Pooling::kMax; }},
    {"BothPoolings", [](model::ModelConfig& c) { c.encoder.pooling = Pooling::kBoth; }},
    {"PreNormBothPoolings",
     [](model::ModelConfig& c) {
       c.encoder.norm = NormPlacement::kPre;
       c.encoder.pooling = Pooling::kBoth;
     }},
    {"NoResidual", [](model::ModelConfig& c) { c.encoder.residual = false; }},
    {"Local", [](model::ModelConfig& c) { c.encoder.local = Local::kConvolution; }},
    {"LocalInThreeLayers",
     [](model::ModelConfig& c) {
       c.encoder.local = Local::kGated;
       c.encoder.layers = 3;
     }},
    {"LocalWithPreNorm",
     [](model::ModelConfig& c) {
       c.encoder.local = Local::kGated;
       c.encoder.local_width = 7;
       c.encoder.norm = NormPlacement::kPre;
     }},
    {"LocalAlone",
     [](model::ModelConfig& c) {
       c.encoder.local = Local::kGated;
       c.encoder.local_width = 201;
       c.encoder.norm = NormPlacement::kNone;
       c.encoder.residual = false;
     }},
    {"OddWidth",
     [](model::ModelConfig& c) {
       c.encoder.width = 35;
       c.encoder.heads = 5;
       c.encoder.feed_forward = 41;
     }},
    // Long enough, beside the lengths that are tried, for every form of a layer's output.
    {"Wide",
     [](model::ModelConfig& c) {
       c.encoder.width = 96;
       c.encoder.heads = 6;
       c.encoder.feed_forward = 64;
     }},
    {"ManyHeads",
     [](model::ModelConfig& c) {
       c.encoder.width = c.encoder.heads = 40;
       c.encoder.feed_forward = 33;
     }},
    {"MoreHeadsThanASumTakesAtOnce",
     [](model::ModelConfig& c) {
       c.encoder.layers = 1;  // two are too far from the reference in short numbers
       c.encoder.width = c.encoder.heads = 130;
       c.encoder.feed_forward = 0;
     }},
    {"OneHeadOfWidthOne",
     [](model::ModelConfig& c) { c.encoder.width = c.encoder.heads = c.encoder.feed_forward = 1; }},
};

// A configuration's tensors, each determined by its name and shape.
class RandomModel {
 public:
  explicit RandomModel(const model::ModelConfig& config) : config_(config) {
    // Sums of many large products would drown what the number formats are compared for.
    const double deviation = std::min(0.3, 2 / std::sqrt(config.encoder.width));
    for (const model::TensorSpec& spec : model::tensors_of(config)) {
      Random random(hash_of(spec.name, 7));
      const float mean = spec.initial == model::Initial::kOne ? 1 : 0;
      std::vector<float>& values = tensors_[spec.name];
      for (std::int64_t i = 0; i < spec.elements(); ++i) {
        values.push_back(mean + static_cast<float>(deviation * random.normal()));
      }
      if (spec.name == "embedding.word.weight") words_.shape = spec.shape;
    }
    words_.dtype = "F32";
    words_.bytes = std::as_bytes(std::span(tensors_.at("embedding.word.weight")));
  }

  Classifier classifier(kernels::InstructionSet set,
                        Precision precision = Precision::kFloat32) const {
    return Classifier(
        "a random model", config_, [this](const std::string& name) { return tensors_.at(name); },
        words_, precision, set);
  }

  std::vector<float>& tensor(const std::string& name) { return tensors_.at(name); }

  // By the paper's equations, in double precision.
  std::vector<double> reference_logits(const Ids& ids) const {
    namespace reference = kernels::reference;
    std::map<std::string, std::vector<double>> wide;
    for (const auto& [name, values] : tensors_) wide[name].assign(values.begin(), values.end());
    const reference::Architecture architecture = this->architecture();
    const auto find = [&wide](const std::string& name) -> const double* {
      const auto at = wide.find(name);
      return at == wide.end() ? nullptr : at->second.data();
    };
    return reference::logits(reference::classifier_weights<double>(architecture, find),
                             architecture, std::span(ids));
  }

 private:
  kernels::reference::Architecture architecture() const {
    kernels::reference::Architecture a;
    a.vocabulary = config_.vocabulary;
    a.max_length = config_.text.max_length;
    a.width = config_.encoder.width;
    a.layers = config_.encoder.layers;
    a.feed_forward = config_.encoder.feed_forward;
    a.labels = static_cast<std::int64_t>(config_.labels.size());
    a.positions = config_.encoder.positions;
    a.norm = config_.encoder.norm;
    a.norm_epsilon = config_.encoder.norm_epsilon;
    a.residual = config_.encoder.residual;
    a.share_layers = config_.encoder.share_layers;
    a.local = config_.encoder.local;
    a.local_width = config_.encoder.local_width;
    a.pooling = config_.encoder.pooling;
    a.attention.heads = config_.encoder.heads;
    a.attention.interaction = config_.fastformer.interaction;
    a.attention.head_scores = config_.fastformer.head_scores;
    a.attention.share_query_value = config_.fastformer.share_query_value;
    a.attention.share_heads = config_.fastformer.share_heads;
    a.attention.global_key = config_.fastformer.global_key;
    return a;
  }

  model::ModelConfig config_;
  std::map<std::string, std::vector<float>> tensors_;
  model::TensorView words_;
};

// Random documents of the small vocabulary.
inline std::vector<Ids> random_documents(const std::vector<int>& lengths, std::uint64_t seed = 1) {
  Random random(seed);
  std::vector<Ids> documents;
  for (const int length : lengths) {
    Ids ids;
    for (int i = 0; i < length; ++i) ids.push_back(static_cast<std::int32_t>(random.below(30)));
    documents.push_back(ids);
  }
  return documents;
}

inline std::vector<float> logits_of(const Classifier& classifier, const std::vector<Ids>& documents,
                                    ThreadPool& pool) {
  std::vector<std::span<const std::int32_t>> views(documents.begin(), documents.end());
  std::vector<float> logits(documents.size() * classifier.labels());
  classifier.logits(views, pool, logits);
  return logits;
}

}  // namespace fastformer::runtime
