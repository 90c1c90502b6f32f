// A row-major matrix that owns its elements, for code that is written to be read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/matrix_view.h"

namespace fastformer::kernels::reference {

template <typename T>
class Matrix {
 public:
  Matrix() = default;
  // All elements are 0.
  Matrix(std::int64_t rows, std::int64_t columns)
      : rows_(rows), columns_(columns), elements_(static_cast<std::size_t>(rows * columns)) {}
  // A copy of what the view shows.
  explicit Matrix(MatrixView<const T> view) : Matrix(view.rows, view.columns) {
    for (std::int64_t r = 0; r < rows_; ++r) {
      for (std::int64_t c = 0; c < columns_; ++c) (*this)(r, c) = view(r, c);
    }
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }
  T* row(std::int64_t r) { return elements_.data() + r * columns_; }
  const T* row(std::int64_t r) const { return elements_.data() + r * columns_; }
  T& operator()(std::int64_t r, std::int64_t c) { return row(r)[c]; }
  const T& operator()(std::int64_t r, std::int64_t c) const { return row(r)[c]; }

  // Row by row.
  std::vector<T>& elements() { return elements_; }
  const std::vector<T>& elements() const { return elements_; }
  MatrixView<const T> view() const { return {elements_.data(), rows_, columns_}; }

 private:
  std::int64_t rows_ = 0;
  std::int64_t columns_ = 0;
  std::vector<T> elements_;
};

}  // namespace fastformer::kernels::reference
