// From counts to a table: selection, scaling, solving and rounding to 8 bits.
#include "learn/wide/wide_fit.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "learn/wide/linear_solver.h"
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

// The documents (numbers into examples.documents) that each kept feature occurs in.
struct Postings {
  std::vector<std::uint32_t> buckets;  // kept, ascending
  std::vector<std::size_t> offsets;    // [features + 1]
  io::LargeArray<std::uint32_t> documents;

  explicit Postings(const io::SpillPlace& place) : documents(place) {}

  std::span<const std::uint32_t> of(std::size_t feature) const {
    return documents.slice(offsets[feature], offsets[feature + 1]);
  }
};

Postings postings_of(const WideExamples& examples, const WideFitOptions& options) {
  std::vector<std::uint32_t> frequency(options.ngrams.buckets(), 0);
  for (std::int64_t document : examples.documents) {
    for (const text::NgramCount& found :
         examples.ngrams->document(static_cast<std::size_t>(document))) {
      ++frequency[found.bucket];
    }
  }
  Postings postings(options.spill);
  postings.offsets = {0};
  std::vector<std::size_t> next(frequency.size(), 0);
  for (std::uint32_t bucket = 0; bucket < frequency.size(); ++bucket) {
    if (frequency[bucket] < static_cast<std::uint32_t>(options.min_documents)) {
      frequency[bucket] = 0;
      continue;
    }
    next[bucket] = postings.offsets.back();
    postings.buckets.push_back(bucket);
    postings.offsets.push_back(postings.offsets.back() + frequency[bucket]);
  }
  postings.documents.resize(postings.offsets.back());
  for (std::size_t i = 0; i < examples.documents.size(); ++i) {
    const auto document = static_cast<std::size_t>(examples.documents[i]);
    for (const text::NgramCount& found : examples.ngrams->document(document)) {
      if (frequency[found.bucket] == 0) continue;
      postings.documents.data()[next[found.bucket]++] = static_cast<std::uint32_t>(i);
    }
  }
  return postings;
}

// spread_f = sqrt(mean over labels k of ln^2(p_fk / mean of p_fj, j != k)), where p_fk is the share
// of feature f among all features' document counts in label k, each count smoothed by 1.
class Spread {
 public:
  Spread(const WideExamples& examples, const Postings& postings)
      : labels_(examples.labels), totals_(examples.label_count, 0) {
    for (double& total : totals_) total = static_cast<double>(postings.buckets.size());
    for (std::uint32_t document : postings.documents.slice(0, postings.documents.size())) {
      for (std::int32_t label : labels_[document]) ++totals_[static_cast<std::size_t>(label)];
    }
  }

  double of(std::span<const std::uint32_t> documents, std::vector<double>& shares) const {
    const std::size_t count = totals_.size();
    if (count < 2) return 1;
    shares.assign(count, 1);
    for (std::uint32_t document : documents) {
      for (std::int32_t label : labels_[document]) ++shares[static_cast<std::size_t>(label)];
    }
    double sum = 0;
    for (std::size_t k = 0; k < count; ++k) sum += shares[k] /= totals_[k];
    double squares = 0;
    for (double share : shares) {
      const double others = (sum - share) / static_cast<double>(count - 1);
      const double ratio = std::log(share / others);
      squares += ratio * ratio;
    }
    return std::sqrt(squares / static_cast<double>(count));
  }

 private:
  const std::vector<std::vector<std::int32_t>>& labels_;
  std::vector<double> totals_;
};

FeatureScaler scaler_of(const WideExamples& examples, const WideFitOptions& options,
                        const Postings& postings, const ParallelFor& parallel_for) {
  const Spread spread(examples, postings);
  std::vector<float> idf(postings.buckets.size()), spreads(postings.buckets.size());
  const auto rows = static_cast<double>(examples.documents.size());
  parallel_for(
      static_cast<std::int64_t>(idf.size()), 4096, [&](std::int64_t begin, std::int64_t end) {
        std::vector<double> shares;
        for (auto f = static_cast<std::size_t>(begin); f < static_cast<std::size_t>(end); ++f) {
          const auto documents = postings.of(f);
          const double frequency = static_cast<double>(documents.size());
          idf[f] = static_cast<float>(std::log((1 + rows) / (1 + frequency)) + 1);
          spreads[f] = static_cast<float>(spread.of(documents, shares));
        }
      });
  return {options.ngrams, postings.buckets, std::move(idf), std::move(spreads)};
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
std::vector<std::size_t> most_important(const LinearModel& solved, const Postings& postings,
                                        std::size_t most) {
  const std::size_t features = postings.buckets.size(), columns = solved.bias.size();
  std::vector<double> importance(features, 0);
  for (std::size_t f = 0; f < features; ++f) {
    for (std::size_t c = 0; c < columns; ++c) {
      const double weight = solved.weights[f * columns + c];
      importance[f] += weight * weight;
    }
    importance[f] *= static_cast<double>(postings.of(f).size());
  }
  return model::places_of_largest(importance, most);
}

Postings kept(const Postings& postings, const std::vector<std::size_t>& features,
              const io::SpillPlace& place) {
  Postings result(place);
  result.offsets = {0};
  for (std::size_t f : features) {
    const auto documents = postings.of(f);
    result.buckets.push_back(postings.buckets[f]);
    result.documents.append(documents);
    result.offsets.push_back(result.documents.size());
  }
  return result;
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
  Postings postings = postings_of(examples, options);
  FeatureScaler scaler = scaler_of(examples, options, postings, parallel_for);
  LinearModel solved = solve(examples, scaler, options, parallel_for);
  const auto feature_bytes = kFeatureBytes + static_cast<std::int64_t>(columns_of(examples));
  const auto most = static_cast<std::size_t>(options.max_bytes / feature_bytes);
  if (options.max_bytes > 0 && scaler.features() > most) {
    postings = kept(postings, most_important(solved, postings, most), options.spill);
    scaler = scaler_of(examples, options, postings, parallel_for);
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
