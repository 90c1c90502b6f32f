// Views of row-major matrices that someone else owns.
#pragma once

#include <cstdint>

namespace fastformer {

// A row-major matrix [rows, columns]; consecutive rows lie `stride` elements apart.
template <typename T>
struct MatrixView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;

  MatrixView() = default;
  MatrixView(T* data_in, std::int64_t rows_in, std::int64_t columns_in)
      : MatrixView(data_in, rows_in, columns_in, columns_in) {}
  MatrixView(T* data_in, std::int64_t rows_in, std::int64_t columns_in, std::int64_t stride_in)
      : data(data_in), rows(rows_in), columns(columns_in), stride(stride_in) {}

  T* row(std::int64_t r) const { return data + r * stride; }
  T& operator()(std::int64_t r, std::int64_t c) const { return data[r * stride + c]; }

  // Rows [begin, end) of this view.
  MatrixView rows_between(std::int64_t begin, std::int64_t end) const {
    return MatrixView(row(begin), end - begin, columns, stride);
  }

  // NOLINTNEXTLINE(google-explicit-constructor): what may be changed may be read
  operator MatrixView<const T>() const { return {data, rows, columns, stride}; }
};

}  // namespace fastformer
