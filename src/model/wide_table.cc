// Scaling of n-gram counts and the product with the table.
#include "model/wide_table.h"

#include <fastformer/error.h>

#include <array>
#include <cmath>
#include <utility>

namespace fastformer::model {
namespace {

// 1 + ln(count), from a table where counts are small.
float term_frequency(std::uint32_t count) {
  static const std::array<float, 64> kSmall = [] {
    std::array<float, 64> values = {};
    for (std::size_t i = 1; i < values.size(); ++i) {
      values[i] = 1 + static_cast<float>(std::log(static_cast<double>(i)));
    }
    return values;
  }();
  return count < kSmall.size() ? kSmall[count]
                               : 1 + static_cast<float>(std::log(static_cast<double>(count)));
}

}  // namespace

FeatureScaler::FeatureScaler(const text::NgramOptions& options, std::vector<std::uint32_t> buckets,
                             std::vector<float> idf, std::vector<float> spread)
    : FeatureScaler(options, std::make_shared<const Numbers>(
                                 Numbers{std::move(buckets), std::move(idf), std::move(spread)})) {}

FeatureScaler::FeatureScaler(const text::NgramOptions& options,
                             std::shared_ptr<const Numbers> numbers)
    : FeatureScaler(options, NumberView<std::uint32_t>(numbers->buckets),
                    NumberView<float>(numbers->idf), NumberView<float>(numbers->spread)) {
  kept_ = std::move(numbers);
}

FeatureScaler::FeatureScaler(const text::NgramOptions& options, NumberView<std::uint32_t> buckets,
                             NumberView<float> idf, NumberView<float> spread)
    : options_(options), buckets_(buckets), idf_(idf), spread_(spread) {
  if (idf_.size() != buckets_.size() || spread_.size() != buckets_.size()) {
    throw Error("the wide branch needs as many scales as features");
  }
  places_ = BucketPlaces(buckets_, options_.buckets());
}

void FeatureScaler::values(std::span<const text::NgramCount> counts,
                           std::vector<FeatureValue>& values) const {
  values.clear();
  double idf_squares = 0, spread_squares = 0;
  for (const text::NgramCount& found : counts) {
    const std::uint32_t place = places_.of(found.bucket);
    if (place == BucketPlaces::kAbsent) continue;
    float frequency = term_frequency(found.count);
    if (found.bucket >= options_.word_buckets()) frequency *= kCharacterWeight;
    const double a = frequency * idf_[place], b = frequency * spread_[place];
    idf_squares += a * a;
    spread_squares += b * b;
    values.push_back({place, frequency});
  }
  const auto share = [](double squares) {
    return squares > 0 ? static_cast<float>(0.5 / squares) : 0.0F;
  };
  const float idf_share = share(idf_squares), spread_share = share(spread_squares);
  for (FeatureValue& value : values) {
    const float idf = idf_[value.feature], spread = spread_[value.feature];
    value.value *= std::sqrt(idf * idf * idf_share + spread * spread * spread_share);
  }
}

WideTable::WideTable(FeatureScaler scaler, std::vector<std::int8_t> weights,
                     std::vector<float> scales, std::vector<float> bias)
    : WideTable(std::move(scaler),
                std::make_shared<const Numbers>(Numbers{std::move(weights), std::move(scales)}),
                std::move(bias)) {}

WideTable::WideTable(FeatureScaler scaler, std::shared_ptr<const Numbers> numbers,
                     std::vector<float> bias)
    : WideTable(std::move(scaler), NumberView<std::int8_t>(numbers->weights),
                NumberView<float>(numbers->scales), std::move(bias)) {
  kept_ = std::move(numbers);
}

WideTable::WideTable(FeatureScaler scaler, NumberView<std::int8_t> weights,
                     NumberView<float> scales, std::vector<float> bias)
    : scaler_(std::move(scaler)),
      weights_(weights),
      weight_scales_(scales),
      bias_(std::move(bias)) {
  if (weight_scales_.size() != scaler_.features() ||
      weights_.size() != scaler_.features() * bias_.size()) {
    throw Error("the wide branch's weights are not features x columns");
  }
}

void WideTable::scores(std::span<const FeatureValue> values, std::span<float> scores) const {
  const std::size_t columns = bias_.size();
  for (std::size_t c = 0; c < columns; ++c) scores[c] = bias_[c];
  for (const FeatureValue& value : values) {
    const float factor = value.value * weight_scales_[value.feature];
    const std::size_t row = value.feature * columns;
    for (std::size_t c = 0; c < columns; ++c) {
      scores[c] += factor * static_cast<float>(weights_[row + c]);
    }
  }
}

const std::vector<float>& WideReader::scores(std::string_view text) {
  table_.scaler().values(counter_.count(text), values_);
  scores_.resize(table_.columns());
  table_.scores(values_, scores_);
  return scores_;
}

}  // namespace fastformer::model
