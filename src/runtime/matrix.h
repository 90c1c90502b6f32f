// Matrices as the kernels want them, and the products that prepare a model's weights.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/simd/dispatch.h"
#include "runtime/aligned_array.h"

namespace fastformer::runtime {

// Row-major [rows, columns]; rows lie padded(columns) apart, 0 past the columns.
struct Matrix {
  std::int64_t rows = 0, columns = 0, stride = 0;
  Floats elements;

  Matrix() = default;
  Matrix(std::int64_t rows_in, std::int64_t columns_in)
      : rows(rows_in),
        columns(columns_in),
        stride(kernels::padded(columns_in)),
        elements(rows_in * stride) {}
  Matrix(std::int64_t rows_in, std::int64_t columns_in, std::span<const float> values);

  float* row(std::int64_t i) { return elements.data() + i * stride; }
  const float* row(std::int64_t i) const { return elements.data() + i * stride; }
};

// A vector with room for whole panels, 0 past its elements.
Floats padded_vector(std::span<const float> values);

// The number format of products and of the weights in them; everything else is 32-bit floats.
enum class Precision { kFloat32, kBfloat16, kInt8 };

// Up to here 32 bits hold the sums of products of 8 bits: (2^31 - 1) / (255 * 127).
inline constexpr std::int64_t kMostQuadInputs = 66'311;

// Weights [outputs, inputs] in panels, see kernels/simd/stages.h.
struct PackedMatrix {
  std::int64_t outputs = 0, inputs = 0;
  Floats panels;
  AlignedArray<kernels::Pair> pairs;  // the same in bfloat16, where that is the precision
  AlignedArray<kernels::Quad> quads;  // in whole numbers, as the next: see kernels::QuadProduct
  Floats scales;
  AlignedArray<std::int32_t> zeros;

  // Room for a matrix that is still to be made, also in the number format.
  void require(std::int64_t outputs_in, std::int64_t inputs_in, Precision precision);
};

PackedMatrix pack(const Matrix& weights);
// pack(transposed(weights)).
PackedMatrix pack_transposed(const Matrix& weights);
Matrix transposed(const Matrix& a);
// Columns [begin, begin + columns).
Matrix columns_of(const Matrix& a, std::int64_t begin, std::int64_t columns);
// a [m, k] b [k, n].
Matrix product(const kernels::Stages& stages, const Matrix& a, const Matrix& b);
// a diag(factors), or diag(factors) a with `by_row`.
Matrix scaled(const kernels::Stages& stages, const Matrix& a, const Floats& factors, bool by_row);
// a x + b.
Floats affine(const kernels::Stages& stages, const Matrix& a, const float* x, const Floats& b);

}  // namespace fastformer::runtime
