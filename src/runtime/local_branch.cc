// What a token's neighbours add to it, tile by tile.
#include <algorithm>

#include "runtime/document_run.h"

namespace fastformer::runtime {

using kernels::Rows;

// Adds the branch to the tile's `attended`.
void DocumentRun::add_local(Tile& tile) {
  const BlockPlan& block = plan_.block(layer_);
  float* attended = tile.memory.attended.data();
  if (plan_.options.local == Local::kConvolution) {
    convolve(tile, block.convolution, attended);
    return;
  }
  float *value = tile.memory.value.data(), *gate = tile.memory.local.data();
  std::fill_n(value, tile.rows * stride_, 0.0F);
  std::fill_n(gate, tile.rows * stride_, 0.0F);
  convolve(tile, block.convolution, value);
  convolve(tile, block.gate, gate);
  stages_.gate({value, gate, attended, stride_, tile.rows, width_});
}

void DocumentRun::convolve(Tile& tile, const ConvolutionPlan& convolution, float* y) {
  const std::int64_t reach = plan_.options.local_width / 2;
  const std::int64_t before = std::min(tile.begin, reach);
  const std::int64_t after = std::min(length_ - tile.begin - tile.rows, reach);
  Rows around{tile.memory.around.data(), stride_, before + tile.rows + after, width_};
  Rows x{around.x + before * stride_, stride_, tile.rows, width_};
  if (plan_.keeps_short_tokens()) {
    load(tile.begin - before, around);
  } else {
    x.x = memory_.tokens.data() + tile.begin * stride_;
  }
  if (plan_.options.norm == NormPlacement::kPre) {
    // The neighbours, too, as the attention reads them.
    const Norm& norm = plan_.block(layer_).attention_norm;
    stages_.add_norm({x.x - before * stride_,
                      nullptr,
                      stride_,
                      0,
                      around.rows,
                      width_,
                      norm.scale.data(),
                      norm.shift.data(),
                      static_cast<float>(plan_.options.norm_epsilon),
                      around.x,
                      stride_,
                      {}});
    x.x = around.x + before * stride_;
  }
  stages_.convolve({x.x, stride_, tile.rows, width_, before, after,
                    convolution.taps.elements.data(), convolution.taps.stride, reach,
                    convolution.bias.data(), y, stride_});
}

}  // namespace fastformer::runtime
