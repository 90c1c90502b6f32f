// Ranks features and keeps the first.
#include "model/wide_pruning.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace fastformer::model {
namespace {

// Their numbers, ascending.
std::vector<std::size_t> most_important(const WideTable& table, std::size_t most) {
  const std::size_t features = table.scaler().features(), columns = table.columns();
  std::vector<double> importance(features);
  for (std::size_t f = 0; f < features; ++f) {
    double squares = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      const double weight = table.weights()[f * columns + c];
      squares += weight * weight;
    }
    const double scale = table.weight_scales()[f];
    importance[f] = squares * scale * scale * std::exp(-double{table.scaler().idf()[f]});
  }
  return places_of_largest(importance, most);
}

WideTable with_features(const WideTable& table, const std::vector<std::size_t>& features) {
  const FeatureScaler& scaler = table.scaler();
  const std::size_t columns = table.columns();
  std::vector<std::uint32_t> buckets;
  std::vector<float> idf, spread, scales;
  std::vector<std::int8_t> weights;
  for (const std::size_t f : features) {
    buckets.push_back(scaler.buckets()[f]);
    idf.push_back(scaler.idf()[f]);
    spread.push_back(scaler.spread()[f]);
    scales.push_back(table.weight_scales()[f]);
    for (std::size_t c = 0; c < columns; ++c) {
      weights.push_back(table.weights()[f * columns + c]);
    }
  }
  return {{scaler.options(), std::move(buckets), std::move(idf), std::move(spread)},
          std::move(weights),
          std::move(scales),
          table.bias()};
}

}  // namespace

std::vector<std::size_t> places_of_largest(std::span<const double> values, std::size_t most) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  order.resize(std::min(most, values.size()));
  std::sort(order.begin(), order.end());
  return order;
}

WideTable pruned(const WideTable& table, std::size_t most) {
  return with_features(table, most_important(table, most));
}

}  // namespace fastformer::model
