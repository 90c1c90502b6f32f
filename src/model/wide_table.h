// The wide branch: a linear classifier over scaled n-gram counts, and its table.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/number_view.h"
#include "model/bucket_places.h"
#include "text/ngrams.h"

namespace fastformer::model {

// A feature's place in the table and its value in a document.
struct FeatureValue {
  std::uint32_t feature = 0;
  float value = 0;
};

// Features are the n-gram buckets that were kept, in ascending order. With tf = 1 + ln(count),
//   a_f = tf * idf_f, b_f = tf * spread_f, value_f = sqrt(a_f^2 / 2|a|^2 + b_f^2 / 2|b|^2),
// so that a document's values have length 1. N-grams of characters count `kCharacterWeight` times.
// Copies share the features' numbers.
class FeatureScaler {
 public:
  static constexpr float kCharacterWeight = 0.5F;

  FeatureScaler() = default;
  // Buckets in ascending order, each below options.buckets(). `idf` is the features' inverse
  // document frequency, `spread` how unevenly the classes use them (naive-Bayes scaling for many
  // classes).
  FeatureScaler(const text::NgramOptions& options, std::vector<std::uint32_t> buckets,
                std::vector<float> idf, std::vector<float> spread);
  // The same of numbers that somebody else keeps, who must outlive it.
  FeatureScaler(const text::NgramOptions& options, NumberView<std::uint32_t> buckets,
                NumberView<float> idf, NumberView<float> spread);

  std::size_t features() const { return buckets_.size(); }
  const text::NgramOptions& options() const { return options_; }
  NumberView<std::uint32_t> buckets() const { return buckets_; }
  NumberView<float> idf() const { return idf_; }
  NumberView<float> spread() const { return spread_; }

  // The values of a document's known features, in ascending order; none for a document without.
  void values(std::span<const text::NgramCount> counts, std::vector<FeatureValue>& values) const;

 private:
  struct Numbers {
    std::vector<std::uint32_t> buckets;
    std::vector<float> idf, spread;
  };
  FeatureScaler(const text::NgramOptions& options, std::shared_ptr<const Numbers> numbers);

  text::NgramOptions options_;
  std::shared_ptr<const Numbers> kept_;  // what the views show, where nobody else keeps it
  NumberView<std::uint32_t> buckets_;
  NumberView<float> idf_, spread_;
  BucketPlaces places_;
};

// Weights in 8 bits with one scale per feature. Copies share them.
class WideTable {
 public:
  WideTable() = default;
  // weights [features, columns] row-major, scales [features], bias [columns].
  WideTable(FeatureScaler scaler, std::vector<std::int8_t> weights, std::vector<float> scales,
            std::vector<float> bias);
  // The same of weights and scales that somebody else keeps, who must outlive it.
  WideTable(FeatureScaler scaler, NumberView<std::int8_t> weights, NumberView<float> scales,
            std::vector<float> bias);

  const FeatureScaler& scaler() const { return scaler_; }
  std::size_t columns() const { return bias_.size(); }
  NumberView<std::int8_t> weights() const { return weights_; }
  NumberView<float> weight_scales() const { return weight_scales_; }
  const std::vector<float>& bias() const { return bias_; }

  // Scores [columns] of a document.
  void scores(std::span<const FeatureValue> values, std::span<float> scores) const;

 private:
  struct Numbers {
    std::vector<std::int8_t> weights;
    std::vector<float> scales;
  };
  WideTable(FeatureScaler scaler, std::shared_ptr<const Numbers> numbers, std::vector<float> bias);

  FeatureScaler scaler_;
  std::shared_ptr<const Numbers> kept_;  // what the views show, where nobody else keeps it
  NumberView<std::int8_t> weights_;
  NumberView<float> weight_scales_;
  std::vector<float> bias_;
};

// Scores texts, reusing its memory; one per thread. The table must outlive it.
class WideReader {
 public:
  explicit WideReader(const WideTable& table) : table_(table), counter_(table.scaler().options()) {}

  // Scores [columns] of a text; valid until the next call.
  const std::vector<float>& scores(std::string_view text);

 private:
  const WideTable& table_;
  text::NgramCounter counter_;
  std::vector<FeatureValue> values_;
  std::vector<float> scores_;
};

}  // namespace fastformer::model
