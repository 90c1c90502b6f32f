// The table of stages for a target's vector class and its products of quads.
#pragma once

#include "kernels/simd/pair_loops.h"
#include "kernels/simd/product_loops.h"
#include "kernels/simd/quad_loops.h"
#include "kernels/simd/row_loops.h"

namespace fastformer::kernels::loops {

// With denormal numbers as 0 while it runs, as the instruction for pairs has it.
template <typename V>
void emulated_pair_product(const PairProduct& p) {
  const typename V::WithoutDenormals scope;
  product<PairProducts<V>>(p);
}

template <typename V, typename Quads>
constexpr Stages stages_on() {
  Stages stages = {};
  stages.product = product<FloatProducts<V>>;
  stages.softmax_step = softmax_step<V>;
  stages.weighted_sum = weighted_sum<V>;
  stages.short_weighted_sum = weighted_sum<V>;
  stages.sums_pairs = false;
  stages.pair_weighted_sum = weighted_sum<V>;
  stages.add_norm = add_norm<V>;
  stages.scale = scale<V>;
  stages.row_dots = row_dots<V>;
  stages.gelu = gelu<V>;
  stages.gelu_backward = gelu_backward<V>;
  stages.tanh = tanh_rows<V>;
  stages.short_gelu = short_gelu_rows<V>;
  stages.short_tanh = short_tanh_rows<V>;
  stages.largest = largest<V>;
  stages.convolve = convolve<V>;
  stages.gate = gate<V>;
  stages.pair_product = emulated_pair_product<V>;
  stages.pair_rows = pair_rows<V>;
  stages.pair_panels = pair_panels<V>;
  stages.pair_numbers = pair_numbers<V>;
  stages.quad_product = product<Quads>;
  stages.quad_rows = quad_rows<V>;
  stages.quad_panels = quad_panels<V>;
  stages.peak = peak<FloatProducts<V>>;
  stages.peak_operations = 2 * kPeakSums<FloatProducts<V>> * V::kLanes;
  stages.pair_peak = peak<PairProducts<V>>;
  stages.pair_peak_operations = 4 * kPeakSums<PairProducts<V>> * V::kLanes;
  stages.quad_peak = peak<Quads>;
  stages.quad_peak_operations = 8 * kPeakSums<Quads> * V::kLanes;
  return stages;
}

}  // namespace fastformer::kernels::loops
