// Packing and products of weights.
#include "runtime/matrix.h"

#include <fastformer/error.h>

#include <algorithm>
#include <string>

namespace fastformer::runtime {

using kernels::kPanel;
using kernels::padded;

Matrix::Matrix(std::int64_t rows_in, std::int64_t columns_in, std::span<const float> values)
    : Matrix(rows_in, columns_in) {
  for (std::int64_t i = 0; i < rows; ++i) {
    std::copy_n(values.data() + i * columns, columns, row(i));
  }
}

Floats padded_vector(std::span<const float> values) {
  Floats vector(padded(static_cast<std::int64_t>(values.size())));
  std::copy(values.begin(), values.end(), vector.data());
  return vector;
}

void PackedMatrix::require(std::int64_t outputs_in, std::int64_t inputs_in, Precision precision) {
  outputs = outputs_in;
  inputs = inputs_in;
  panels.require(padded(outputs) * inputs);
  if (precision == Precision::kBfloat16) pairs.require(padded(outputs) * padded(inputs) / 2);
  if (precision != Precision::kInt8) return;
  if (inputs > kMostQuadInputs) {
    throw Error(
        "a matrix of " + std::to_string(inputs) + " inputs is too wide for products in int8",
        "--precision", "Use float32 or bfloat16");
  }
  quads.require(padded(outputs) * kernels::quads_of(inputs));
  scales.require(padded(outputs));
  zeros.require(padded(outputs));
}

// The transpose of `weights`, cut into panels of columns.
PackedMatrix pack(const Matrix& weights) {
  PackedMatrix packed;
  packed.require(weights.rows, weights.columns, Precision::kFloat32);
  for (std::int64_t o = 0; o < weights.rows; ++o) {
    float* column = packed.panels.data() + o / kPanel * weights.columns * kPanel + o % kPanel;
    for (std::int64_t k = 0; k < weights.columns; ++k) column[k * kPanel] = weights.row(o)[k];
  }
  return packed;
}

PackedMatrix pack_transposed(const Matrix& weights) {
  PackedMatrix packed;
  packed.require(weights.columns, weights.rows, Precision::kFloat32);
  float* to = packed.panels.data();
  for (std::int64_t first = 0; first < weights.columns; first += kPanel) {
    for (std::int64_t k = 0; k < weights.rows; ++k, to += kPanel) {
      std::copy_n(weights.row(k) + first, kPanel, to);
    }
  }
  return packed;
}

// In blocks: numbers of a column lie in lines that share a few places of the cache.
Matrix transposed(const Matrix& a) {
  constexpr std::int64_t kBlock = 16;
  Matrix t(a.columns, a.rows);
  for (std::int64_t first = 0; first < a.rows; first += kBlock) {
    const std::int64_t end = std::min(first + kBlock, a.rows);
    for (std::int64_t j = 0; j < a.columns; ++j) {
      for (std::int64_t i = first; i < end; ++i) t.row(j)[i] = a.row(i)[j];
    }
  }
  return t;
}

Matrix columns_of(const Matrix& a, std::int64_t begin, std::int64_t columns) {
  Matrix part(a.rows, columns);
  for (std::int64_t i = 0; i < a.rows; ++i) std::copy_n(a.row(i) + begin, columns, part.row(i));
  return part;
}

Matrix product(const kernels::Stages& stages, const Matrix& a, const Matrix& b) {
  const PackedMatrix right = pack_transposed(b);
  const Floats zero(kPanel);
  Matrix c(a.rows, b.columns);
  kernels::Product p;
  p.panels = right.panels.data();
  p.inputs = right.inputs;
  p.outputs = right.outputs;
  p.x = a.elements.data();
  p.x_stride = a.stride;
  p.rows = a.rows;
  p.start = zero.data();
  p.start_panel = 0;
  p.y = c.elements.data();
  p.y_row = c.stride;
  stages.product(p);
  return c;
}

Matrix scaled(const kernels::Stages& stages, const Matrix& a, const Floats& factors, bool by_row) {
  Matrix c(a.rows, a.columns);
  stages.scale({a.elements.data(), a.stride, a.rows, a.columns, factors.data(), by_row,
                c.elements.data(), c.stride});
  return c;
}

Floats affine(const kernels::Stages& stages, const Matrix& a, const float* x, const Floats& b) {
  Floats y(padded(a.rows));
  stages.row_dots({a.elements.data(), a.stride, a.rows, a.columns, x, 0, 1, b.data(), y.data()});
  return y;
}

}  // namespace fastformer::runtime
