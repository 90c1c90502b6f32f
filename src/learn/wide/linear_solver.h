// Linear classifiers by dual coordinate descent.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "io/large_array.h"
#include "model/wide_table.h"

namespace fastformer::learn {

// Documents as rows of sparse values, end to end.
struct SparseRows {
  io::LargeArray<model::FeatureValue> values;
  std::vector<std::size_t> offsets = {0};  // [rows + 1]
  std::size_t features = 0;

  explicit SparseRows(const io::SpillPlace& place = {}) : values(place) {}

  std::size_t rows() const { return offsets.size() - 1; }
  std::span<const model::FeatureValue> row(std::size_t i) const {
    return values.slice(offsets[i], offsets[i + 1]);
  }
  void read_ahead(std::size_t first, std::size_t end) const {
    values.read_ahead(offsets[first], offsets[end]);
  }
};

struct SolverOptions {
  double cost = 1;         // C: what a unit of squared hinge loss weighs against |w|^2 / 2
  double tolerance = 0.1;  // of the dual's projected gradient at the end
  int passes = 300;        // over the rows, at most
  std::uint64_t seed = 1;
  // Rows are visited a block at a time, of about so many values: the rows may be more than memory
  // holds, a block may not.
  std::size_t block_values = std::size_t{64} << 20;
  // Factors of the cost of column c's rows that have its label, and of those that do not; empty: 1.
  std::vector<float> positive_weights, negative_weights;
};

struct LinearModel {
  std::vector<float> weights;  // [features, columns]
  std::vector<float> bias;     // [columns]
};

// For each column c on its own minimises
//   |w|^2 / 2 + cost * sum_i weight_i weight_ic * max(0, 1 - y_ic (w . x_i + bias))^2
// with the bias as one more weight and y_ic = 1 where labels[i] holds c, else -1 (Hsieh et al., "A
// dual coordinate descent method for large-scale linear SVM", 2008: L2-regularised L2-loss). A pass
// goes through blocks of rows in random order, and through a block's rows likewise (Yu et al.,
// "Large linear classification when data cannot fit in memory", 2010). Columns are solved in blocks
// of a fixed size that go through the rows together: the threads do not change the result.
// row_weights is empty or one factor per row; weight_ic is the column's positive or negative
// weight, as y_ic says. Throws Stopped at the next block of rows after a stop signal.
LinearModel solve_squared_hinge(const SparseRows& rows,
                                std::span<const std::vector<std::int32_t>> labels,
                                std::size_t columns, std::span<const float> row_weights,
                                const SolverOptions& options, const ParallelFor& parallel_for);

}  // namespace fastformer::learn
