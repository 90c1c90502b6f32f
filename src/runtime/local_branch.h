// The local branch of a block: what a token's neighbours add to it.
#pragma once

#include "base/matrix_view.h"
#include "kernels/simd/stages.h"
#include "model/model_config.h"
#include "runtime/tensor_source.h"

namespace fastformer::runtime {

// A convolution over neighbours: taps [local width, width].
struct Convolution {
  Matrix taps;
  Floats bias;
};

// See `Local` in kernels/switches.h; docs/algebra.md has the formula.
class LocalBranch {
 public:
  // With Local::kNone nothing is read and nothing added.
  LocalBranch(const model::EncoderOptions& options, const TensorSource& source,
              const std::string& prefix);

  // Adds to `changes` what the neighbours of tokens [begin, begin + changes.rows) say. `inputs`
  // are all tokens of the document as the block reads them; `sums` and `gates` have room for as
  // many rows as `changes`, with its stride.
  void add(MatrixView<const float> inputs, std::int64_t begin, const kernels::Rows& changes,
           float* sums, float* gates) const;

 private:
  Local kind_;
  Convolution convolution_, gate_;
};

}  // namespace fastformer::runtime
