// The table of stages for a target's vector class.
#pragma once

#include "kernels/simd/product_loops.h"
#include "kernels/simd/row_loops.h"

namespace fastformer::kernels::loops {

template <typename V>
constexpr Stages stages_on() {
  return {product<V>, softmax_step<V>, weighted_sum<V>, add_norm<V>, scale<V>, row_dots<V>,
          gelu<V>,    tanh_rows<V>,    largest<V>,      convolve<V>, gate<V>};
}

}  // namespace fastformer::kernels::loops
