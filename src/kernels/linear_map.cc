// Tiles of rows through the products of the processor's best instruction set.
#include "kernels/linear_map.h"

#include <algorithm>
#include <vector>

#include "kernels/simd/dispatch.h"
#include "kernels/simd/instruction_set.h"

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kTile = 96;  // rows whose operands and results stay in the nearest caches
constexpr float kZeros[kPanel] = {};

std::int64_t tiles_of(std::int64_t rows) { return (rows + kTile - 1) / kTile; }

// Weights [outputs, inputs] in panels, in the format of the products.
class Panels {
 public:
  // Of the map, or of its transpose.
  Panels(const Stages& stages, const LinearMap& map, bool is_transposed,
         const ParallelFor& parallel_for)
      : stages_(stages),
        outputs_(is_transposed ? map.weight.columns : map.weight.rows),
        inputs_(is_transposed ? map.weight.rows : map.weight.columns),
        panels_(static_cast<std::size_t>(outputs_ * inputs_)),
        pairs_(map.is_short ? panels_.size() / 2 : 0) {
    parallel_for(outputs_ / kPanel, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t panel = begin; panel < end; ++panel) {
        float* to = panels_.data() + panel * kPanel * inputs_;
        if (is_transposed) {
          copy_columns(map.weight, panel * kPanel, to);
        } else {
          copy_rows(map.weight, panel * kPanel, to);
        }
        if (!map.is_short) continue;
        stages.pair_panels({to, inputs_, kPanel, pairs_.data() + panel * kPanel * inputs_ / 2});
      }
    });
  }

  // y = x weights' + start of one tile; `start` advances by `start_panel` from panel to panel.
  void multiply(MatrixView<const float> x, const float* start, std::int64_t start_panel,
                MatrixView<float> y, std::vector<Pair>& room) const {
    if (pairs_.empty()) {
      auto product = product_of<float>(x.rows, start, start_panel, y);
      product.x = x.data;
      product.x_stride = product.inputs = inputs_;
      product.panels = panels_.data();
      stages_.product(product);
    } else {
      room.resize(static_cast<std::size_t>(kTile * inputs_ / 2));
      stages_.pair_rows({x.data, inputs_, x.rows, inputs_, room.data(), inputs_ / 2});
      auto product = product_of<Pair>(x.rows, start, start_panel, y);
      product.x = room.data();
      product.x_stride = product.inputs = inputs_ / 2;
      product.panels = pairs_.data();
      stages_.pair_product(product);
    }
  }

 private:
  // The panel of outputs from `first` on, which are rows of the weight, or columns of it.
  static void copy_rows(MatrixView<const float> weight, std::int64_t first, float* panel) {
    for (std::int64_t o = 0; o < kPanel; ++o) {
      const float* row = weight.row(first + o);
      for (std::int64_t k = 0; k < weight.columns; ++k) panel[k * kPanel + o] = row[k];
    }
  }
  static void copy_columns(MatrixView<const float> weight, std::int64_t first, float* panel) {
    for (std::int64_t k = 0; k < weight.rows; ++k) {
      std::copy_n(weight.row(k) + first, kPanel, panel + k * kPanel);
    }
  }

  template <typename X>
  ProductOf<X> product_of(std::int64_t rows, const float* start, std::int64_t start_panel,
                          MatrixView<float> y) const {
    ProductOf<X> product;
    product.rows = rows;
    product.outputs = outputs_;
    product.start = start;
    product.start_panel = start_panel;
    product.y = y.data;
    product.y_row = outputs_;
    return product;
  }

  const Stages& stages_;
  std::int64_t outputs_, inputs_;
  std::vector<float> panels_;
  std::vector<Pair> pairs_;
};

// Sums of the gradients of weight and bias over a range of rows.
struct PartSums {
  std::vector<float> weight, bias;

  PartSums() = default;
  PartSums(std::int64_t outputs, std::int64_t inputs)
      : weight(static_cast<std::size_t>(outputs * inputs)),
        bias(static_cast<std::size_t>(outputs)) {}

  void add(const Stages& stages, bool is_short, MatrixView<const float> upstream,
           MatrixView<const float> x, const float* ones) {
    WeightedSum sum;
    sum.weights = upstream.data;
    sum.weights_stride = sum.heads = upstream.columns;
    sum.shrink = ones;
    sum.tokens = upstream.rows;
    sum.width = sum.x_stride = sum.sums_stride = x.columns;
    sum.x = x.data;
    sum.sums = weight.data();
    (is_short ? stages.pair_weighted_sum : stages.weighted_sum)(sum);
    for (std::int64_t i = 0; i < upstream.rows; ++i) {
      const float* row = upstream.row(i);
      for (std::size_t j = 0; j < bias.size(); ++j) bias[j] += row[j];
    }
  }
};

// Sums of `parts`, element by element in their order.
void sum_parts(const std::vector<PartSums>& parts, const LinearGradients& gradients,
               const ParallelFor& parallel_for) {
  constexpr std::int64_t kElements = 16384;
  const auto elements = static_cast<std::int64_t>(parts[0].weight.size());
  parallel_for(elements, kElements, [&](std::int64_t begin, std::int64_t end) {
    float* to = gradients.weight.data;
    std::copy(parts[0].weight.begin() + begin, parts[0].weight.begin() + end, to + begin);
    for (std::size_t p = 1; p < parts.size(); ++p) {
      const float* from = parts[p].weight.data();
      for (std::int64_t i = begin; i < end; ++i) to[i] += from[i];
    }
  });
  std::copy(parts[0].bias.begin(), parts[0].bias.end(), gradients.bias);
  for (std::size_t p = 1; p < parts.size(); ++p) {
    for (std::size_t j = 0; j < parts[p].bias.size(); ++j) gradients.bias[j] += parts[p].bias[j];
  }
}

}  // namespace

bool has_linear_kernels(std::int64_t outputs, std::int64_t inputs) {
  return outputs > 0 && inputs > 0 && outputs % kPanel == 0 && inputs % kPanel == 0;
}

void linear_forward(const LinearMap& map, MatrixView<const float> x, const float* bias,
                    MatrixView<float> y, const ParallelFor& parallel_for) {
  const Panels panels(stages_of(instruction_set()), map, /*is_transposed=*/false, parallel_for);
  parallel_for(tiles_of(x.rows), 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Pair> room;
    for (std::int64_t row = begin * kTile; row < std::min(end * kTile, x.rows); row += kTile) {
      const std::int64_t last = std::min(row + kTile, x.rows);
      panels.multiply(x.rows_between(row, last), bias, kPanel, y.rows_between(row, last), room);
    }
  });
}

void linear_backward(const LinearMap& map, MatrixView<const float> x,
                     MatrixView<const float> upstream, const LinearGradients& gradients,
                     std::int64_t parts, const ParallelFor& parallel_for) {
  const Stages& stages = stages_of(instruction_set());
  const Panels panels(stages, map, /*is_transposed=*/true, parallel_for);
  const std::int64_t tiles = tiles_of(x.rows);
  parts = std::clamp<std::int64_t>(parts, 1, std::max<std::int64_t>(tiles, 1));
  std::vector<PartSums> sums(static_cast<std::size_t>(parts));
  const std::vector<float> ones(static_cast<std::size_t>(upstream.columns), 1.0F);
  const auto add_part = [&](std::int64_t part) {
    std::vector<Pair> room;
    PartSums& part_sums = sums[static_cast<std::size_t>(part)];
    part_sums = PartSums(upstream.columns, x.columns);
    const std::int64_t end = std::min((part + 1) * tiles / parts * kTile, x.rows);
    for (std::int64_t row = part * tiles / parts * kTile; row < end; row += kTile) {
      const std::int64_t last = std::min(row + kTile, end);
      const MatrixView<const float> tile = upstream.rows_between(row, last);
      panels.multiply(tile, kZeros, 0, gradients.rows.rows_between(row, last), room);
      part_sums.add(stages, map.is_short, tile, x.rows_between(row, last), ones.data());
    }
  };
  parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) add_part(part);
  });
  sum_parts(sums, gradients, parallel_for);
}

}  // namespace fastformer::kernels
