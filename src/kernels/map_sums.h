// The gradients of a linear map's weight and bias, summed over a range of rows.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/panels.h"
#include "kernels/part_sums.h"

namespace fastformer::kernels {

struct MapSums {
  std::vector<float> weight, bias;  // [outputs, inputs], [outputs]

  MapSums() = default;
  MapSums(std::int64_t outputs, std::int64_t inputs)
      : weight(static_cast<std::size_t>(outputs * inputs)),
        bias(static_cast<std::size_t>(outputs)) {}

  // From the gradient of the map's results of x.
  void add(const Stages& stages, bool is_short, MatrixView<const float> upstream,
           MatrixView<const float> x) {
    add_outer_products(stages, is_short, upstream, x, {weight.data(), upstream.columns, x.columns});
    add_rows(upstream, bias.data());
  }
};

}  // namespace fastformer::kernels
