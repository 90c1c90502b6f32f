// Softmax-weighted sums over a document, built up tile by tile in chunks of fixed size.
#pragma once

#include <cstdint>

#include "kernels/simd/dispatch.h"
#include "runtime/aligned_array.h"

namespace fastformer::runtime {

// Tokens that are worked on at a time, and tokens whose sums are kept apart until they are added in
// order: both are counted from the document's beginning, so that its result depends on nothing
// else.
inline constexpr std::int64_t kTile = 96;
inline constexpr std::int64_t kChunk = 5 * kTile;

inline std::int64_t chunks_of(std::int64_t tokens) { return (tokens + kChunk - 1) / kChunk; }

// One sum per chunk and head: the largest score, the exponentials' total, and the tokens' vectors
// weighted by them.
class Summary {
 public:
  // Room for so many chunks; they are empty until begin(). `is_short`: tokens and weights may be
  // rounded to bfloat16.
  void require(std::int64_t chunks, std::int64_t heads, std::int64_t width, bool is_short);
  // Empties a chunk.
  void begin(std::int64_t chunk);
  // Takes tokens into a chunk: x [tokens, width], with the same in bfloat16 or nullptr, and their
  // scores [tokens, heads], which become exponentials. `shrink` has room for whole panels of heads.
  void add(const kernels::Stages& stages, std::int64_t chunk, const kernels::Rows& x,
           const kernels::Pair* pairs, const kernels::Rows& scores, float* shrink);
  // The mean vector of each head over `chunks` chunks, which are used up: [heads, width], rows
  // stride() apart. `epsilon` is added to the unshifted exponentials' total.
  const float* means(std::int64_t chunks, double epsilon = 0);
  std::int64_t stride() const { return stride_; }

 private:
  float* largest(std::int64_t chunk) { return largest_.data() + chunk * heads_stride_; }
  float* total(std::int64_t chunk) { return total_.data() + chunk * heads_stride_; }
  float* sums(std::int64_t chunk) { return sums_.data() + chunk * heads_ * stride_; }
  void merge(std::int64_t chunk);

  bool is_short_ = false;
  std::int64_t heads_ = 0, heads_stride_ = 0, width_ = 0, stride_ = 0;
  Floats largest_, total_, sums_;
};

}  // namespace fastformer::runtime
