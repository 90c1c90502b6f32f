// Which tokens a model has to guess, and among which words.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "config/options.h"
#include "data/documents.h"

namespace fastformer::learn {

struct MaskingOptions {
  double share = 0.15;    // of the tokens are guessed
  int candidates = 4096;  // words drawn for a batch that a guess is made among; 0: all words

  void describe(config::OptionSet& options);
};

// How often each id occurs in the training text, the unknown word (id 0) left out: what a model
// that reads nothing would guess, and what words are drawn by.
class WordFrequencies {
 public:
  WordFrequencies(const data::Documents& documents, std::int64_t vocabulary);

  std::int64_t vocabulary() const { return static_cast<std::int64_t>(logs_.size()); }
  // log of (count + 1) / (all counts + vocabulary) of each id; id 0 counts as 0 occurrences.
  const std::vector<float>& logs() const { return logs_; }
  std::int64_t most_frequent() const { return most_frequent_; }

  // An id other than 0, drawn by its count, or by its count to the power 3/4.
  std::int32_t draw(Random& random) const { return drawn_by(by_count_, random); }
  std::int32_t draw_flattened(Random& random) const { return drawn_by(by_power_, random); }
  // log of the probability that a word is among `flattened` draws by the power and `plain` ones by
  // the count.
  double log_presence(std::int64_t id, std::int64_t flattened, std::int64_t plain) const;

 private:
  static std::int32_t drawn_by(const std::vector<double>& sums, Random& random);
  static double probability(const std::vector<double>& sums, std::int64_t id);

  std::vector<float> logs_;
  std::vector<double> by_count_, by_power_;  // running sums over ids from 1 on
  std::int64_t most_frequent_ = 0;
};

// Tokens of a batch as the model reads them, and what it has to guess.
struct MaskedTokens {
  std::vector<std::int32_t> ids;      // [tokens]
  std::vector<std::int64_t> places;   // ascending, of the tokens to guess
  std::vector<std::int64_t> targets;  // [places]: the ids that stood there
};

// Chooses about `share` of the known words. Of those, 80 % become the unknown word, which is what
// use meets in place of a word that says nothing, 10 % a word drawn by its frequency, and 10 % stay
// (Devlin et al., 2019, section 3.1, with the unknown word as the mask).
MaskedTokens mask_tokens(std::span<const std::int32_t> ids, const WordFrequencies& frequencies,
                         double share, std::uint64_t seed);

// Words that guesses are made among, and what is added to their scores.
struct Candidates {
  std::vector<std::int64_t> ids;      // ascending, distinct
  std::vector<float> corrections;     // [ids]; empty where they are all 0
  std::vector<std::int64_t> targets;  // [places]: each target's place in `ids`
};

// All words where options.candidates is 0 or no fewer than the vocabulary. Else so many draws and
// the batch's targets, with -log of the probability of being there, which makes the softmax over
// them an estimate of that over all words (sampled softmax: Jean et al., 2015, section 3).
Candidates choose_candidates(std::span<const std::int64_t> targets,
                             const WordFrequencies& frequencies, int draws, std::uint64_t seed);

}  // namespace fastformer::learn
