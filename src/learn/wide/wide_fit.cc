// From counts to a table: selection, scaling, solving and rounding to 8 bits.
#include "learn/wide/wide_fit.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "learn/wide/linear_solver.h"
#include "learn/wide/wide_features.h"
#include "model/wide_pruning.h"

namespace fastformer::learn {
namespace {

using model::FeatureScaler;
using model::FeatureValue;
using model::WideTable;

// Bytes of a feature beside its weights: bucket, idf, spread and the weights' scale.
constexpr std::int64_t kFeatureBytes = 16;

std::size_t columns_of(const WideExamples& examples) {
  return examples.single_label && examples.label_count == 2 ? 1 : examples.label_count;
}

SparseRows rows_of(const WideExamples& examples, const FeatureScaler& scaler,
                   const io::SpillPlace& place) {
  SparseRows rows(place);
  rows.features = scaler.features();
  std::vector<FeatureValue> values;
  for (std::int64_t document : examples.documents) {
    scaler.values(examples.ngrams->document(static_cast<std::size_t>(document)), values);
    rows.values.append(values);
    rows.offsets.push_back(rows.values.size());
  }
  return rows;
}

LinearModel solve(const WideExamples& examples, const FeatureScaler& scaler,
                  const WideFitOptions& options, const ParallelFor& parallel_for) {
  SolverOptions solver;
  solver.cost = options.cost;
  solver.seed = options.seed;
  solver.positive_weights = examples.label_weights;
  // One column of two labels: its other rows are the second label's.
  if (columns_of(examples) < examples.label_count && !examples.label_weights.empty()) {
    solver.negative_weights = {examples.label_weights[1]};
  }
  return solve_squared_hinge(rows_of(examples, scaler, options.spill), examples.labels,
                             columns_of(examples), examples.weights, solver, parallel_for);
}

// The features that fit into the limit, by document frequency times squared weights: what leaving
// one out would change.
WideFeatures most_important(const LinearModel& solved, const WideFeatures& features,
                            std::size_t most) {
  const std::size_t columns = solved.bias.size();
  std::vector<double> importance(features.size(), 0);
  for (std::size_t f = 0; f < features.size(); ++f) {
    for (std::size_t c = 0; c < columns; ++c) {
      const double weight = solved.weights[f * columns + c];
      importance[f] += weight * weight;
    }
    importance[f] *= static_cast<double>(features.documents[f]);
  }
  WideFeatures kept;
  for (const std::size_t f : model::places_of_largest(importance, most)) {
    kept.buckets.push_back(features.buckets[f]);
    kept.documents.push_back(features.documents[f]);
  }
  return kept;
}

WideTable rounded(FeatureScaler scaler, const LinearModel& solved) {
  const std::size_t columns = solved.bias.size(), features = scaler.features();
  std::vector<std::int8_t> weights(features * columns);
  std::vector<float> scales(features);
  for (std::size_t f = 0; f < features; ++f) {
    const std::span<const float> row = std::span(solved.weights).subspan(f * columns, columns);
    float largest = 0;
    for (float weight : row) largest = std::max(largest, std::abs(weight));
    scales[f] = largest / 127;
    for (std::size_t c = 0; c < columns && largest > 0; ++c) {
      weights[f * columns + c] = static_cast<std::int8_t>(std::lround(row[c] / scales[f]));
    }
  }
  return {std::move(scaler), std::move(weights), std::move(scales), solved.bias};
}

}  // namespace

void count_ngrams(const text::NgramOptions& options, std::span<const std::string_view> texts,
                  const ParallelFor& parallel_for, DocumentNgrams& ngrams) {
  constexpr std::size_t kBlock = 4096;  // documents whose counts are held twice
  for (std::size_t first = 0; first < texts.size(); first += kBlock) {
    const auto block = texts.subspan(first, std::min(kBlock, texts.size() - first));
    std::vector<std::vector<text::NgramCount>> found(block.size());
    parallel_for(
        static_cast<std::int64_t>(block.size()), 64, [&](std::int64_t begin, std::int64_t end) {
          text::NgramCounter counter(options);
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
            found[i] = counter.count(block[i]);
          }
        });
    for (const std::vector<text::NgramCount>& counts : found) {
      ngrams.counts.append(counts);
      ngrams.offsets.push_back(ngrams.counts.size());
    }
    ngrams.counts.release();
  }
}

WideTable fit_wide(const WideExamples& examples, const WideFitOptions& options,
                   const ParallelFor& parallel_for) {
  WideFeatures features = frequent_features(examples, options);
  FeatureScaler scaler = scaler_of(examples, options.ngrams, features, parallel_for);
  LinearModel solved = solve(examples, scaler, options, parallel_for);
  const auto feature_bytes = kFeatureBytes + static_cast<std::int64_t>(columns_of(examples));
  const auto most = static_cast<std::size_t>(options.max_bytes / feature_bytes);
  if (options.max_bytes > 0 && scaler.features() > most) {
    features = most_important(solved, features, most);
    scaler = scaler_of(examples, options.ngrams, features, parallel_for);
    solved = solve(examples, scaler, options, parallel_for);
  }
  return rounded(std::move(scaler), solved);
}

std::vector<float> wide_scores(const WideTable& table, const DocumentNgrams& ngrams,
                               std::span<const std::int64_t> documents,
                               const ParallelFor& parallel_for) {
  std::vector<float> scores(documents.size() * table.columns());
  parallel_for(
      static_cast<std::int64_t>(documents.size()), 64, [&](std::int64_t begin, std::int64_t end) {
        std::vector<FeatureValue> values;
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
          table.scaler().values(ngrams.document(static_cast<std::size_t>(documents[i])), values);
          table.scores(values, std::span(scores).subspan(i * table.columns(), table.columns()));
        }
      });
  return scores;
}

}  // namespace fastformer::learn
