// Counts by sweeps over the documents.
#include "learn/wide/wide_features.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fastformer::learn {
namespace {

// Calls visit(i, counts) for the n-grams of every example i, in their order.
template <typename Visit>
void for_each_example(const WideExamples& examples, const Visit& visit) {
  for (std::size_t i = 0; i < examples.documents.size(); ++i) {
    visit(i, examples.ngrams->document(static_cast<std::size_t>(examples.documents[i])));
  }
}

// The number of each bucket's feature, from the first of `buckets` to the last.
class FeatureNumbers {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  explicit FeatureNumbers(std::span<const std::uint32_t> buckets)
      : first_(buckets.front()), numbers_(buckets.back() - buckets.front() + 1, kNone) {
    std::uint32_t number = 0;
    for (const std::uint32_t bucket : buckets) numbers_[bucket - first_] = number++;
  }

  // Calls visit(feature) for those of a document, whose n-grams stand in the order of their
  // buckets.
  template <typename Visit>
  void for_each_in(std::span<const text::NgramCount> document, const Visit& visit) const {
    const auto begin = std::lower_bound(
        document.begin(), document.end(), first_,
        [](const text::NgramCount& found, std::uint32_t bucket) { return found.bucket < bucket; });
    for (auto found = begin; found != document.end(); ++found) {
      const std::size_t place = found->bucket - first_;
      if (place >= numbers_.size()) return;
      if (numbers_[place] != kNone) visit(numbers_[place]);
    }
  }

 private:
  std::uint32_t first_;
  std::vector<std::uint32_t> numbers_;
};

// spread_f = sqrt(mean over labels k of ln^2(p_fk / mean of p_fj, j != k)), where p_fk is the share
// of feature f among all features' document counts in label k, each count smoothed by 1.
double spread_of(std::span<const std::uint32_t> counts, std::span<const double> totals,
                 std::vector<double>& shares) {
  const std::size_t labels = totals.size();
  if (labels < 2) return 1;
  shares.resize(labels);
  double sum = 0;
  for (std::size_t k = 0; k < labels; ++k) sum += shares[k] = (1.0 + counts[k]) / totals[k];
  double squares = 0;
  for (const double share : shares) {
    const double others = (sum - share) / static_cast<double>(labels - 1);
    const double ratio = std::log(share / others);
    squares += ratio * ratio;
  }
  return std::sqrt(squares / static_cast<double>(labels));
}

// Of every label: all features' counts in its documents, each with 1 more.
std::vector<double> totals_of(const WideExamples& examples, const WideFeatures& features) {
  std::vector<double> totals(examples.label_count, static_cast<double>(features.size()));
  const FeatureNumbers numbers(features.buckets);
  for_each_example(examples, [&](std::size_t i, std::span<const text::NgramCount> document) {
    double found = 0;
    numbers.for_each_in(document, [&](std::uint32_t) { ++found; });
    for (const std::int32_t label : examples.labels[i]) {
      totals[static_cast<std::size_t>(label)] += found;
    }
  });
  return totals;
}

// In how many documents of each label each of these features is: [features, labels].
std::vector<std::uint32_t> label_counts(const WideExamples& examples,
                                        std::span<const std::uint32_t> buckets) {
  const std::size_t labels = examples.label_count;
  std::vector<std::uint32_t> counts(buckets.size() * labels, 0);
  const FeatureNumbers numbers(buckets);
  for_each_example(examples, [&](std::size_t i, std::span<const text::NgramCount> document) {
    numbers.for_each_in(document, [&](std::uint32_t feature) {
      for (const std::int32_t label : examples.labels[i]) {
        ++counts[feature * labels + static_cast<std::size_t>(label)];
      }
    });
  });
  return counts;
}

// Features whose counts a thread makes in one sweep: an eighth of all or fewer, so that threads can
// share them, but not so few that there are many sweeps where labels are many.
std::size_t features_at_once(std::size_t features, std::size_t labels, std::size_t counts) {
  constexpr std::size_t kFewestSweeps = 8, kMostSweeps = 32;
  const auto parts = [features](std::size_t sweeps) { return (features + sweeps - 1) / sweeps; };
  const std::size_t fitting = counts / std::max<std::size_t>(1, labels);
  return std::clamp(fitting, std::max<std::size_t>(1, parts(kMostSweeps)),
                    std::max<std::size_t>(1, parts(kFewestSweeps)));
}

}  // namespace

WideFeatures frequent_features(const WideExamples& examples, const WideFitOptions& options) {
  std::vector<std::uint32_t> frequency(options.ngrams.buckets(), 0);
  for_each_example(examples, [&](std::size_t, std::span<const text::NgramCount> document) {
    for (const text::NgramCount& found : document) ++frequency[found.bucket];
  });
  WideFeatures features;
  for (std::uint32_t bucket = 0; bucket < frequency.size(); ++bucket) {
    if (frequency[bucket] < static_cast<std::uint32_t>(options.min_documents)) continue;
    features.buckets.push_back(bucket);
    features.documents.push_back(frequency[bucket]);
  }
  return features;
}

model::FeatureScaler scaler_of(const WideExamples& examples, const text::NgramOptions& ngrams,
                               const WideFeatures& features, const ParallelFor& parallel_for,
                               std::size_t counts_at_once) {
  std::vector<float> idf(features.size()), spreads(features.size());
  const auto rows = static_cast<double>(examples.documents.size());
  for (std::size_t f = 0; f < idf.size(); ++f) {
    idf[f] = static_cast<float>(std::log((1 + rows) / (1.0 + features.documents[f])) + 1);
  }
  if (features.size() == 0) return {ngrams, {}, std::move(idf), std::move(spreads)};
  const std::vector<double> totals = totals_of(examples, features);
  const std::size_t labels = totals.size();
  const std::size_t together = features_at_once(features.size(), labels, counts_at_once);
  const std::size_t sweeps = (features.size() + together - 1) / together;
  parallel_for(static_cast<std::int64_t>(sweeps), 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> shares;
    for (auto sweep = static_cast<std::size_t>(begin); sweep < static_cast<std::size_t>(end);
         ++sweep) {
      const std::size_t first = sweep * together;
      const std::size_t count = std::min(together, features.size() - first);
      const auto counts = label_counts(examples, std::span(features.buckets).subspan(first, count));
      for (std::size_t f = 0; f < count; ++f) {
        spreads[first + f] = static_cast<float>(
            spread_of(std::span(counts).subspan(f * labels, labels), totals, shares));
      }
    }
  });
  return {ngrams, features.buckets, std::move(idf), std::move(spreads)};
}

}  // namespace fastformer::learn
