// The n-grams that the wide branch learns from, and their scales.
#pragma once

#include <cstdint>
#include <vector>

#include "learn/wide/wide_fit.h"

namespace fastformer::learn {

struct WideFeatures {
  std::vector<std::uint32_t> buckets;    // ascending
  std::vector<std::uint32_t> documents;  // of the examples, in how many each occurs

  std::size_t size() const { return buckets.size(); }
};

// Those that occur in options.min_documents or more.
WideFeatures frequent_features(const WideExamples& examples, const WideFitOptions& options);

// Their inverse document frequencies and spreads over labels. Reads the counts of all examples
// front to back, 8 to 32 times: they may lie in a file. About `counts_at_once` counts of features
// in labels are held by each thread, more where labels are many; no result depends on it.
model::FeatureScaler scaler_of(const WideExamples& examples, const text::NgramOptions& ngrams,
                               const WideFeatures& features, const ParallelFor& parallel_for,
                               std::size_t counts_at_once = std::size_t{4} << 20);

}  // namespace fastformer::learn
