// Packing, and products of tiles.
#include "kernels/panels.h"

#include <algorithm>

namespace fastformer::kernels {

Panels::Panels(const Stages& stages, std::int64_t outputs, std::int64_t inputs, bool is_short)
    : stages_(&stages),
      outputs_(outputs),
      inputs_(inputs),
      panels_(static_cast<std::size_t>(outputs * inputs)),
      pairs_(is_short ? panels_.size() / 2 : 0) {}

Panels Panels::of(const Stages& stages, MatrixView<const float> weight, bool is_short,
                  const ParallelFor& parallel_for) {
  Panels panels(stages, weight.rows, weight.columns, is_short);
  parallel_for(weight.rows / kPanel, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t panel = begin; panel < end; ++panel) {
      float* to = panels.data() + panel * kPanel * weight.columns;
      for (std::int64_t o = 0; o < kPanel; ++o) {
        const float* row = weight.row(panel * kPanel + o);
        for (std::int64_t k = 0; k < weight.columns; ++k) to[k * kPanel + o] = row[k];
      }
      panels.convert_panel(panel);
    }
  });
  return panels;
}

Panels Panels::of_transposed(const Stages& stages, MatrixView<const float> weight, bool is_short,
                             const ParallelFor& parallel_for) {
  Panels panels(stages, weight.columns, weight.rows, is_short);
  parallel_for(weight.columns / kPanel, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t panel = begin; panel < end; ++panel) {
      float* to = panels.data() + panel * kPanel * weight.rows;
      for (std::int64_t k = 0; k < weight.rows; ++k) {
        std::copy_n(weight.row(k) + panel * kPanel, kPanel, to + k * kPanel);
      }
      panels.convert_panel(panel);
    }
  });
  return panels;
}

void Panels::convert() {
  for (std::int64_t panel = 0; panel < outputs_ / kPanel; ++panel) convert_panel(panel);
}

void Panels::convert_panel(std::int64_t panel) {
  if (pairs_.empty()) return;
  const std::int64_t at = panel * kPanel * inputs_;
  stages_->pair_panels({panels_.data() + at, inputs_, kPanel, pairs_.data() + at / 2});
}

void Panels::multiply(MatrixView<const float> x, PanelRows<const float> start, PanelRows<float> y,
                      std::vector<Pair>& room) const {
  for (std::int64_t row = 0; row < x.rows; row += kRowTile) {
    multiply_tile(x.rows_between(row, std::min(row + kRowTile, x.rows)), start.from(row),
                  y.from(row), room);
  }
}

void Panels::multiply_tile(MatrixView<const float> x, PanelRows<const float> start,
                           PanelRows<float> y, std::vector<Pair>& room) const {
  if (pairs_.empty()) {
    auto product = product_of<float>(x.rows, start, y);
    product.x = x.data;
    product.x_stride = x.stride;
    product.inputs = inputs_;
    product.panels = panels_.data();
    stages_->product(product);
    return;
  }
  room.resize(static_cast<std::size_t>(kRowTile * inputs_ / 2));
  stages_->pair_rows({x.data, x.stride, x.rows, inputs_, room.data(), inputs_ / 2});
  auto product = product_of<Pair>(x.rows, start, y);
  product.x = room.data();
  product.x_stride = product.inputs = inputs_ / 2;
  product.panels = pairs_.data();
  stages_->pair_product(product);
}

template <typename X>
ProductOf<X> Panels::product_of(std::int64_t rows, PanelRows<const float> start,
                                PanelRows<float> y) const {
  ProductOf<X> product;
  product.rows = rows;
  product.outputs = outputs_;
  product.start = start.data;
  product.start_row = start.row;
  product.start_panel = start.panel;
  product.y = y.data;
  product.y_row = y.row;
  product.y_panel = y.panel;
  return product;
}

namespace {

// Of sums times `kept` for the first tile of rows.
void outer_products(const Stages& stages, bool is_short, MatrixView<const float> a,
                    MatrixView<const float> x, float kept, MatrixView<float> sums) {
  std::vector<float> shrink(static_cast<std::size_t>(a.columns), kept);
  for (std::int64_t row = 0; row < a.rows; row += kRowTile) {
    WeightedSum sum;
    sum.weights = a.row(row);
    sum.weights_stride = a.stride;
    sum.shrink = shrink.data();
    sum.tokens = std::min(kRowTile, a.rows - row);
    sum.heads = a.columns;
    sum.width = x.columns;
    sum.x = x.row(row);
    sum.x_stride = x.stride;
    sum.sums = sums.data;
    sum.sums_stride = sums.stride;
    (is_short ? stages.pair_weighted_sum : stages.weighted_sum)(sum);
    std::fill(shrink.begin(), shrink.end(), 1.0F);
  }
}

}  // namespace

void add_outer_products(const Stages& stages, bool is_short, MatrixView<const float> a,
                        MatrixView<const float> x, MatrixView<float> sums) {
  outer_products(stages, is_short, a, x, 1, sums);
}

void set_outer_products(const Stages& stages, bool is_short, MatrixView<const float> a,
                        MatrixView<const float> x, MatrixView<float> sums) {
  outer_products(stages, is_short, a, x, 0, sums);
}

}  // namespace fastformer::kernels
