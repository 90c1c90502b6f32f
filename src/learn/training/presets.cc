// The presets' values.
#include "learn/training/presets.h"

#include <nlohmann/json.hpp>

namespace fastformer::learn {
namespace {

struct Preset {
  const char* name;
  const char* values;
};

// "default" is for files of some thousand to some hundred thousand rows. "paper" is the authors' AG
// News notebook and fastformer.json (wuch15/Fastformer, commit 84cc859).
constexpr Preset kPresets[] = {
    {"default", R"({"width": 128, "heads": 8, "layers": 2, "feed_forward": 256, "pooling": "both",
                    "vocabulary_size": 60000, "subwords": 65536, "word_dropout": 0.3,
                    "dropout_mask": "document", "average": 0.995, "embedding_update": "lazy",
                    "epochs": 0, "batch_size": 0})"},
    {"paper", R"({"width": 256, "heads": 16, "layers": 2, "feed_forward": 256, "dropout": 0.2,
                  "positions": "learned", "norm": "post", "max_length": 256, "tokenizer": "word",
                  "min_count": 1, "vocabulary_size": 10000000, "batch_size": 64,
                  "batch_tokens": 1000000, "bucket": false, "epochs": 2, "optimizer": "adam",
                  "learning_rate": 0.001, "warmup": 0, "decay": "none", "clip_norm": 0,
                  "wide": "off", "pooling": "attention", "local": "none", "embedding_update": "dense", "average": 0,
                  "dropout_mask": "token", "word_dropout": 0, "subwords": 0, "folds": 1})"},
};

}  // namespace

config::Json preset(std::string_view name) {
  for (const Preset& row : kPresets) {
    if (name == row.name) return config::Json::parse(row.values);
  }
  const std::vector<std::string> known = preset_names();
  config::fail_unknown("unknown preset " + std::string(name), name, known, "--preset");
}

config::Json pretraining_defaults() {
  return config::Json::parse(
      R"({"width": 128, "heads": 8, "layers": 2, "feed_forward": 256, "local": "gated",
          "dropout": 0.1, "vocabulary_size": 60000, "embedding_update": "lazy", "epochs": 10,
          "batch_size": 64, "batch_tokens": 4096})");
}

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& row : kPresets) names.emplace_back(row.name);
  return names;
}

}  // namespace fastformer::learn
