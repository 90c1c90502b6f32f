// Draws of places and of words.
#include "learn/tasks/masking.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "text/vocabulary.h"

namespace fastformer::learn {
namespace {

constexpr std::int64_t kUnknown = text::Vocabulary::kUnknown;
constexpr double kUnknownShare = 0.8, kDrawnShare = 0.1;
constexpr double kFlattening = 0.75;

}  // namespace

void MaskingOptions::describe(config::OptionSet& options) {
  options.group("Masked tokens")
      .add("mask-share", &share, {0.01, 0.9}, "share of the tokens that are guessed")
      .add("candidates", &candidates, {0, 16777216},
           "words drawn for a batch that a guess is made among; 0: all words, which is slow");
}

WordFrequencies::WordFrequencies(const data::Documents& documents, std::int64_t vocabulary) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(vocabulary), 0);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    for (const std::int32_t id : documents[i]) ++counts.at(static_cast<std::size_t>(id));
  }
  counts.at(kUnknown) = 0;
  const double all =
      std::accumulate(counts.begin(), counts.end(), 0.0) + static_cast<double>(vocabulary);
  most_frequent_ = std::max_element(counts.begin(), counts.end()) - counts.begin();
  double sum = 0, power_sum = 0;
  for (std::int64_t id = 0; id < vocabulary; ++id) {
    const double count = static_cast<double>(counts[static_cast<std::size_t>(id)]) + 1;
    logs_.push_back(static_cast<float>(std::log(count / all)));
    if (id == kUnknown) continue;
    by_count_.push_back(sum += count);
    by_power_.push_back(power_sum += std::pow(count, kFlattening));
  }
}

std::int32_t WordFrequencies::drawn_by(const std::vector<double>& sums, Random& random) {
  if (sums.empty()) return kUnknown;
  const auto at = std::upper_bound(sums.begin(), sums.end() - 1, random.uniform() * sums.back());
  return static_cast<std::int32_t>(at - sums.begin()) + 1;
}

double WordFrequencies::probability(const std::vector<double>& sums, std::int64_t id) {
  if (id == kUnknown) return 0;
  const auto at = static_cast<std::size_t>(id - 1);
  return (sums[at] - (at > 0 ? sums[at - 1] : 0)) / sums.back();
}

double WordFrequencies::log_presence(std::int64_t id, std::int64_t flattened,
                                     std::int64_t plain) const {
  const double absent = static_cast<double>(flattened) * std::log1p(-probability(by_power_, id)) +
                        static_cast<double>(plain) * std::log1p(-probability(by_count_, id));
  return std::log(-std::expm1(absent));
}

MaskedTokens mask_tokens(std::span<const std::int32_t> ids, const WordFrequencies& frequencies,
                         double share, std::uint64_t seed) {
  MaskedTokens masked;
  masked.ids.assign(ids.begin(), ids.end());
  Random random(seed);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const bool chosen = random.uniform() < share;
    if (!chosen || ids[i] == kUnknown) continue;
    masked.places.push_back(static_cast<std::int64_t>(i));
    masked.targets.push_back(ids[i]);
    const double kind = random.uniform();
    if (kind < kUnknownShare) {
      masked.ids[i] = kUnknown;
    } else if (kind < kUnknownShare + kDrawnShare) {
      masked.ids[i] = frequencies.draw(random);
    }
  }
  return masked;
}

Candidates choose_candidates(std::span<const std::int64_t> targets,
                             const WordFrequencies& frequencies, int draws, std::uint64_t seed) {
  Candidates chosen;
  const bool all = draws == 0 || draws >= frequencies.vocabulary();
  if (all) {
    chosen.ids.resize(static_cast<std::size_t>(frequencies.vocabulary()));
    std::iota(chosen.ids.begin(), chosen.ids.end(), 0);
  } else {
    Random random(seed);
    chosen.ids.assign(targets.begin(), targets.end());
    for (int n = 0; n < draws; ++n) chosen.ids.push_back(frequencies.draw_flattened(random));
    std::sort(chosen.ids.begin(), chosen.ids.end());
    chosen.ids.erase(std::unique(chosen.ids.begin(), chosen.ids.end()), chosen.ids.end());
    const auto guesses = static_cast<std::int64_t>(targets.size());
    for (std::int64_t id : chosen.ids) {
      chosen.corrections.push_back(
          static_cast<float>(-frequencies.log_presence(id, draws, guesses)));
    }
  }
  for (std::int64_t target : targets) {
    chosen.targets.push_back(std::lower_bound(chosen.ids.begin(), chosen.ids.end(), target) -
                             chosen.ids.begin());
  }
  return chosen;
}

}  // namespace fastformer::learn
