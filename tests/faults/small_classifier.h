// The folder of a small classifier with both branches, for tests of the programs.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/small_model.h"

namespace fastformer {

// Six features, all of words: a bucket each.
inline model::WideTable few_features(const text::NgramOptions& options, std::size_t columns) {
  std::vector<std::uint32_t> buckets;
  text::NgramCounter counter(options);
  for (const text::NgramCount& found : counter.count("the fast former")) {
    buckets.push_back(found.bucket);
  }
  std::vector<std::int8_t> weights;
  for (std::size_t i = 0; i < buckets.size() * columns; ++i) {
    weights.push_back(static_cast<std::int8_t>(static_cast<int>(i * 37 % 255) - 127));
  }
  const std::vector<float> ones(buckets.size(), 1.0F), scales(buckets.size(), 0.01F);
  return {model::FeatureScaler(options, buckets, ones, ones), weights, scales,
          std::vector<float>(columns, 0.5F)};
}

// Writes the model's files into the existing folder. A quantized one is of words.
inline void write_small_classifier(const std::string& folder, bool quantized = false,
                                   text::TokenizerKind kind = text::TokenizerKind::kWord,
                                   bool strip_html = false) {
  model::ModelConfig config = model::small_config();
  std::string tokenizer = model::kSmallVocabulary;
  if (text::is_of_words(kind)) {
    config.text.tokenizer = kind;
  } else {
    tokenizer = model::learn_pieces(config, kind);
  }
  config.text.strip_html = strip_html;
  const std::vector<model::FloatTensor> tensors = model::random_tensors(config);
  model::ModelParts parts = model::small_parts(tensors);
  parts.config = config;
  parts.tokenizer = tokenizer;
  std::optional<model::QuantizedTensors> rounded;
  if (quantized) parts.tensors = rounded.emplace(tensors).views();
  parts.config.quantized = quantized;
  parts.extra = nullptr;
  parts.config.labels = {"sport", "trade", "weather"};
  text::NgramOptions& ngrams = parts.config.wide.ngrams;
  ngrams.words = 2;
  ngrams.word_bits = 10;
  ngrams.character_bits = 8;
  ngrams.strip_html = strip_html;
  const model::WideTable table = few_features(ngrams, parts.config.labels.size());
  parts.config.wide.present = true;
  parts.config.wide.features = static_cast<std::int64_t>(table.scaler().features());
  parts.config.wide.wide_factor = 2.5;
  parts.config.wide.encoder_factor = 0.75;
  parts.wide = &table;
  write_model_folder(folder, parts);
}

}  // namespace fastformer
