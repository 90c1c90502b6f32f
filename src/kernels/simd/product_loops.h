// Matrix products on vectors of any instruction set, one accumulator per element.
#pragma once

#include "kernels/simd/stages.h"

namespace fastformer::kernels::loops {

// A block of kRows x kVectors accumulators: acc(r, v) += a(r, k) * b(k, v) for k = 0 .. depth - 1.
// Element (r, k) of `a` lies at r * a_row + k * a_step, row k of `b` at k * b_row.
struct Block {
  const float* a;
  std::int64_t a_row, a_step;
  const float* b;
  std::int64_t b_row;
  std::int64_t depth;
};

template <typename V, int kRows, int kVectors>
inline void accumulate(const Block& block, typename V::F (&sums)[kRows][kVectors]) {
  constexpr int kBases = (kRows + 2) / 3;  // three rows each are within reach of one address
  const float* base[kBases];
  for (int i = 0; i < kBases; ++i) base[i] = block.a + 3 * i * block.a_row;
  const std::int64_t row = block.a_row;
  const float* b = block.b;
  for (std::int64_t k = 0; k < block.depth; ++k) {
    typename V::F right[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) right[v] = V::load(b + v * V::kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const typename V::F left = V::set(base[r / 3][(r % 3) * row]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r][v] = V::fma(left, right[v], sums[r][v]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kBases; ++i) base[i] += block.a_step;
    b += block.b_row;
  }
}

template <typename V, int kRows, int kVectors>
inline void product_block(const Product& p, std::int64_t first, std::int64_t panel, int offset) {
  typename V::F sums[kRows][kVectors];
  const float* start = p.start + panel * p.start_panel + first * p.start_row + offset;
  float* y = p.y + panel * p.y_panel + first * p.y_row + offset;
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v)
      sums[r][v] = V::load(start + r * p.start_row + v * V::kLanes);
  }
  const float* weights = p.panels + panel * p.inputs * kPanel + offset;
  accumulate<V, kRows, kVectors>(
      {p.x + first * p.x_stride, p.x_stride, 1, weights, kPanel, p.inputs}, sums);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) V::store(y + r * p.y_row + v * V::kLanes, sums[r][v]);
  }
}

// The last rows, fewer than V::kRows of them.
template <typename V, int kVectors, int kRows = V::kRows - 1>
inline void product_rest(const Product& p, std::int64_t first, std::int64_t panel, int offset) {
  if constexpr (kRows > 0) {
    if (p.rows - first == kRows) {
      product_block<V, kRows, kVectors>(p, first, panel, offset);
    } else {
      product_rest<V, kVectors, kRows - 1>(p, first, panel, offset);
    }
  }
}

template <typename V, int kVectors>
inline void product_columns(const Product& p, std::int64_t panel, int offset) {
  std::int64_t r = 0;
  for (; r + V::kRows <= p.rows; r += V::kRows) {
    product_block<V, V::kRows, kVectors>(p, r, panel, offset);
  }
  product_rest<V, kVectors>(p, r, panel, offset);
}

template <typename V>
void product(const Product& p) {
  constexpr int kColumns = V::kVectors * V::kLanes;
  for (std::int64_t first = 0; first < p.outputs; first += kPanel) {
    const std::int64_t columns = p.outputs - first < kPanel ? p.outputs - first : kPanel;
    int offset = 0;
    for (; offset + V::kLanes < columns; offset += kColumns) {
      product_columns<V, V::kVectors>(p, first / kPanel, offset);
    }
    for (; offset < columns; offset += V::kLanes) {
      product_columns<V, 1>(p, first / kPanel, offset);
    }
  }
}

template <typename V, int kRows, int kVectors>
inline void weighted_sum_block(const WeightedSum& s, std::int64_t head, std::int64_t column) {
  typename V::F sums[kRows][kVectors];
  float* y = s.sums + head * s.sums_stride + column;
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    const typename V::F shrink = V::set(s.shrink[head + r]);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = V::mul(shrink, V::load(y + r * s.sums_stride + v * V::kLanes));
    }
  }
  accumulate<V, kRows, kVectors>(
      {s.weights + head, 1, s.weights_stride, s.x + column, s.x_stride, s.tokens}, sums);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) V::store(y + r * s.sums_stride + v * V::kLanes, sums[r][v]);
  }
}

// The last heads, fewer than V::kHeads of them.
template <typename V, int kVectors, int kRows = V::kHeads - 1>
inline void weighted_sum_rest(const WeightedSum& s, std::int64_t head, std::int64_t column) {
  if constexpr (kRows > 0) {
    if (s.heads - head == kRows) {
      weighted_sum_block<V, kRows, kVectors>(s, head, column);
    } else {
      weighted_sum_rest<V, kVectors, kRows - 1>(s, head, column);
    }
  }
}

template <typename V, int kVectors>
inline void weighted_sum_columns(const WeightedSum& s, std::int64_t column) {
  std::int64_t head = 0;
  for (; head + V::kHeads <= s.heads; head += V::kHeads) {
    weighted_sum_block<V, V::kHeads, kVectors>(s, head, column);
  }
  weighted_sum_rest<V, kVectors>(s, head, column);
}

template <typename V>
void weighted_sum(const WeightedSum& s) {
  constexpr int kColumns = V::kVectors * V::kLanes;
  std::int64_t column = 0;
  for (; column + V::kLanes < s.width; column += kColumns) {
    weighted_sum_columns<V, V::kVectors>(s, column);
  }
  for (; column < s.width; column += V::kLanes) weighted_sum_columns<V, 1>(s, column);
}

}  // namespace fastformer::kernels::loops
