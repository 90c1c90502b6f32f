// The presets' values.
#include "learn/training/presets.h"

#include <array>
#include <nlohmann/json.hpp>

namespace fastformer::learn {
namespace {

struct Preset {
  const char* name;
  std::array<const char*, 3> values;  // a later one goes before an earlier one
};

constexpr char kNothing[] = "{}";

// A published training: none of what this toolkit adds to one.
constexpr char kPublished[] = R"({
    "min_count": 1, "batch_tokens": 1000000, "bucket": false, "clip_norm": 0, "wide": "off",
    "pooling": "attention", "local": "none", "embedding_update": "dense", "average": 0,
    "dropout_mask": "token", "word_dropout": 0, "subwords": 0, "folds": 1})";

// For files of some thousand to some hundred thousand rows.
constexpr char kDefault[] = R"({
    "width": 128, "heads": 8, "layers": 2, "feed_forward": 256, "pooling": "both",
    "vocabulary_size": 60000, "subwords": 65536, "word_dropout": 0.3, "dropout_mask": "document",
    "average": 0.995, "embedding_update": "lazy", "epochs": 0, "batch_size": 0})";

// What the tasks of the Long Range Arena share.
constexpr char kLongRange[] = R"({
    "width": 512, "heads": 8, "layers": 6, "feed_forward": 2048, "dropout": 0.1,
    "positions": "sinusoidal", "norm": "pre", "norm_epsilon": 1e-6, "lowercase": false,
    "batch_size": 32, "optimizer": "adamw", "weight_decay": 0.1, "beta2": 0.98,
    "adam_epsilon": 1e-9, "decay": "inverse-root"})";

// "small" labels faster than fastText (docs/results.md, "Text to label"). "paper" is the authors'
// AG News notebook and fastformer.json (wuch15/Fastformer, commit 84cc859). "lra-" are tasks of the
// Long Range Arena (Tay et al., 2021, and google-research/long-range-arena;
// docs/long-range-arena.md says what differs): sizes and batches, 0.05 over the root of the
// warm-up's steps as the largest learning rate, and in whole epochs 5,000 and 20,000 steps.
constexpr Preset kPresets[] = {
    {"default", {kDefault, kNothing, kNothing}},
    {"small",
     {kDefault, kNothing,
      R"({"width": 64, "heads": 4, "layers": 1, "feed_forward": 0, "max_length": 256})"}},
    {"paper",
     {kPublished, kNothing,
      R"({"width": 256, "heads": 16, "layers": 2, "feed_forward": 256, "dropout": 0.2,
         "positions": "learned", "norm": "post", "max_length": 256, "tokenizer": "word",
         "vocabulary_size": 10000000, "batch_size": 64, "epochs": 2, "optimizer": "adam",
         "learning_rate": 0.001, "warmup": 0, "decay": "none"})"}},
    {"lra-listops",
     {kPublished, kLongRange,
      R"({"max_length": 2000, "tokenizer": "whitespace", "epochs": 2, "learning_rate": 0.00158,
         "warmup": 0.1667})"}},
    {"lra-text",
     {kPublished, kLongRange,
      R"({"max_length": 4096, "tokenizer": "bytes", "epochs": 26, "learning_rate": 0.000559,
         "warmup": 0.3935})"}},
};

}  // namespace

config::Json preset(std::string_view name) {
  for (const Preset& row : kPresets) {
    if (name != row.name) continue;
    config::Json values = config::Json::object();
    for (const char* const part : row.values) values.update(config::Json::parse(part));
    return values;
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
