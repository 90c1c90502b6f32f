// Weights of products on many rows, packed for the products of kernels/simd and used for one call.
#pragma once

#include <cstdint>
#include <vector>

#include "base/matrix_view.h"
#include "base/parallel.h"
#include "base/raw_vector.h"
#include "kernels/simd/dispatch.h"

namespace fastformer::kernels {

// Rows that are worked on at a time: their operands and results stay in the nearest caches.
inline constexpr std::int64_t kRowTile = 96;

inline std::int64_t row_tiles_of(std::int64_t rows) { return (rows + kRowTile - 1) / kRowTile; }

inline constexpr float kPanelOfZeros[kPanel] = {};

// Rows that a product begins with or goes to: element (row r, panel p, j) lies at
// r * row + p * panel + j.
template <typename T>
struct PanelRows {
  T* data = nullptr;
  std::int64_t row = 0;
  std::int64_t panel = kPanel;

  PanelRows from(std::int64_t first) const { return {data + first * row, row, panel}; }
};

inline PanelRows<float> panel_rows(MatrixView<float> rows) { return {rows.data, rows.stride}; }
// The same numbers for every row.
inline PanelRows<const float> every_row(const float* bias) { return {bias, 0}; }
inline PanelRows<const float> no_start() { return {kPanelOfZeros, 0, 0}; }

// A matrix [outputs, inputs], both multiples of kPanel.
class Panels {
 public:
  // Room for a matrix; data() is to be filled and convert() to be called.
  Panels(const Stages& stages, std::int64_t outputs, std::int64_t inputs, bool is_short);
  // `weight` itself.
  static Panels of(const Stages& stages, MatrixView<const float> weight, bool is_short,
                   const ParallelFor& parallel_for);
  // `weight` transposed.
  static Panels of_transposed(const Stages& stages, MatrixView<const float> weight, bool is_short,
                              const ParallelFor& parallel_for);

  // Element (output p * kPanel + j, input k) lies at (p * inputs + k) * kPanel + j: so the rows of
  // the transposed matrix are inputs, with kPanel numbers in a row.
  float* data() { return panels_.data(); }
  const float* data() const { return panels_.data(); }
  PanelRows<float> transposed_rows() { return {panels_.data(), kPanel, kPanel * inputs_}; }
  PanelRows<const float> transposed_rows() const {
    return {panels_.data(), kPanel, kPanel * inputs_};
  }
  // Bring the matrix, or one panel of it, to the number format of the products.
  void convert();
  void convert_panel(std::int64_t panel);

  // y = x W' + start for x [rows, inputs], tile by tile. `room` is kept from call to call.
  void multiply(MatrixView<const float> x, PanelRows<const float> start, PanelRows<float> y,
                std::vector<Pair>& room) const;

 private:
  void multiply_tile(MatrixView<const float> x, PanelRows<const float> start, PanelRows<float> y,
                     std::vector<Pair>& room) const;
  template <typename X>
  ProductOf<X> product_of(std::int64_t rows, PanelRows<const float> start,
                          PanelRows<float> y) const;

  const Stages* stages_;
  std::int64_t outputs_, inputs_;
  RawVector<float> panels_;
  RawVector<Pair> pairs_;  // empty: products of floats
};

// sums [a's columns, x's columns] += a' x: what the rows of `a` and `x` have in common. With
// `is_short` of numbers rounded to bfloat16.
void add_outer_products(const Stages& stages, bool is_short, MatrixView<const float> a,
                        MatrixView<const float> x, MatrixView<float> sums);

// The same in place of what `sums` held, finite numbers: sums = a' x.
void set_outer_products(const Stages& stages, bool is_short, MatrixView<const float> a,
                        MatrixView<const float> x, MatrixView<float> sums);

}  // namespace fastformer::kernels
