// Dropout of hidden units and of words, whose masks are hashes of the step's seed.
#pragma once

#include <cstdint>

#include "kernels/dropout.h"
#include "kernels/switches.h"
#include "learn/ragged.h"

namespace fastformer::learn {

// What a place in the network leaves out. The same seed gives the same mask, whatever the number of
// threads.
struct Dropout {
  double rate = 0;
  std::uint64_t seed = 0;
  DropoutMask mask = DropoutMask::kToken;  // kDocument: its tokens share one
};

// Drops elements of `input` [tokens, width] with probability `rate` and scales the rest by
// 1 / (1 - rate).
at::Tensor dropped(const at::Tensor& input, const Ragged& ragged, const Dropout& dropout);

// Replaces each id (int64 [tokens]) by `unknown` with probability `rate`.
at::Tensor drop_words(const at::Tensor& ids, double rate, std::int64_t unknown, std::uint64_t seed);

// Dropout with what its documents are, as an operation keeps it for its backward pass.
class KeptDropout {
 public:
  KeptDropout(const Ragged& ragged, const Dropout& dropout);
  explicit KeptDropout(const torch::autograd::AutogradContext& context);

  void save(torch::autograd::AutogradContext& context) const;
  // Lives as long as this.
  kernels::DropoutRule rule() const;

 private:
  double rate_;
  std::uint64_t seed_;
  std::vector<std::int64_t> offsets_;  // of documents that share a mask
};

}  // namespace fastformer::learn
