// Matrix products on vectors of any instruction set and numbers of any format, one accumulator per
// element. P says how a format multiplies: the element X, a Left made of one element for all lanes,
// a Right of one element per lane, and multiply(left, right, sum), where a Sum is a vector.
#pragma once

#include "kernels/simd/stages.h"

namespace fastformer::kernels::loops {

// A block of kRows x kVectors accumulators: acc(r, v) += a(r, k) * b(k, v) for k = 0 .. depth - 1.
// Element (r, k) of `a` lies at r * a_row + k * a_step, row k of `b` at k * b_row.
template <typename X>
struct Block {
  const X* a;
  std::int64_t a_row, a_step;
  const X* b;
  std::int64_t b_row;
  std::int64_t depth;
};

// Products of floats.
template <typename V>
struct FloatProducts {
  using X = float;
  using Product = ProductOf<X>;
  using Vector = V;
  using Sum = typename V::F;
  using Left = typename V::F;
  using Right = typename V::F;
  static constexpr int kRows = V::kRows, kVectors = V::kVectors;
  static X one() { return 1; }
  static Left left(X x) { return V::set(x); }
  static Right right(const X* x) { return V::load(x); }
  static typename V::F multiply(Left a, Right b, typename V::F sum) { return V::fma(a, b, sum); }
  static Sum start(int i) { return V::set(static_cast<float>(i)); }
  static typename V::F number(Sum sum) { return sum; }
};

template <typename P, int kRows, int kVectors>
inline void accumulate(const Block<typename P::X>& block,
                       typename P::Sum (&sums)[kRows][kVectors]) {
  constexpr int kLanes = P::Vector::kLanes;
  constexpr int kBases = (kRows + 2) / 3;  // three rows each are within reach of one address
  const typename P::X* base[kBases];
  for (int i = 0; i < kBases; ++i) base[i] = block.a + 3 * i * block.a_row;
  const std::int64_t row = block.a_row;
  const typename P::X* b = block.b;
  for (std::int64_t k = 0; k < block.depth; ++k) {
    typename P::Right right[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) right[v] = P::right(b + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const typename P::Left left = P::left(base[r / 3][(r % 3) * row]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r][v] = P::multiply(left, right[v], sums[r][v]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kBases; ++i) base[i] += block.a_step;
    b += block.b_row;
  }
}

template <typename P, int kRows, int kVectors, typename X>
inline void product_block(const ProductOf<X>& p, std::int64_t first, std::int64_t panel,
                          int offset) {
  using V = typename P::Vector;
  typename V::F sums[kRows][kVectors];
  const float* start = p.start + panel * p.start_panel + first * p.start_row + offset;
  float* y = p.y + panel * p.y_panel + first * p.y_row + offset;
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v)
      sums[r][v] = V::load(start + r * p.start_row + v * V::kLanes);
  }
  const typename P::X* weights = p.panels + panel * p.inputs * kPanel + offset;
  accumulate<P, kRows, kVectors>(
      {p.x + first * p.x_stride, p.x_stride, 1, weights, kPanel, p.inputs}, sums);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) V::store(y + r * p.y_row + v * V::kLanes, sums[r][v]);
  }
}

template <typename P, int kRows, int kVectors>
inline void product_block(const QuadProduct& p, std::int64_t first, std::int64_t panel,
                          int offset) {
  using V = typename P::Vector;
  const std::int64_t column = panel * kPanel + offset;
  // Less what the numbers' 128 will add. Of sums that begin with zeros g++ 12 makes copies in every
  // round, which halves the speed.
  typename P::Sum sums[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[r][v] = P::minus(p.zeros + column + v * V::kLanes);
  }
  const Quad* x = p.x + first * p.x_stride;
  accumulate<P, kRows, kVectors>(
      {x, p.x_stride, 1, p.panels + panel * p.inputs * kPanel + offset, kPanel, p.inputs}, sums);
  const float* start = p.start + panel * p.start_panel + first * p.start_row + offset;
  float* y = p.y + panel * p.y_panel + first * p.y_row + offset;
  typename V::F scales[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) scales[v] = V::load(p.scales + column + v * V::kLanes);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    const typename V::F scale = V::set_bits(x[r * p.x_stride + p.inputs]);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const std::int64_t j = v * V::kLanes;
      const typename V::F scaled = V::mul(V::mul(P::number(sums[r][v]), scales[v]), scale);
      V::store(y + r * p.y_row + j, V::add(V::load(start + r * p.start_row + j), scaled));
    }
  }
}

// The last rows, fewer than P::kRows of them.
template <typename P, int kVectors, int kRows = P::kRows - 1>
inline void product_rest(const typename P::Product& p, std::int64_t first, std::int64_t panel,
                         int offset) {
  if constexpr (kRows > 0) {
    if (p.rows - first == kRows) {
      product_block<P, kRows, kVectors>(p, first, panel, offset);
    } else {
      product_rest<P, kVectors, kRows - 1>(p, first, panel, offset);
    }
  }
}

template <typename P, int kVectors>
inline void product_columns(const typename P::Product& p, std::int64_t panel, int offset) {
  std::int64_t r = 0;
  for (; r + P::kRows <= p.rows; r += P::kRows) {
    product_block<P, P::kRows, kVectors>(p, r, panel, offset);
  }
  product_rest<P, kVectors>(p, r, panel, offset);
}

template <typename P>
void product(const typename P::Product& p) {
  constexpr int kLanes = P::Vector::kLanes;
  for (std::int64_t first = 0; first < p.outputs; first += kPanel) {
    const std::int64_t columns = p.outputs - first < kPanel ? p.outputs - first : kPanel;
    int offset = 0;
    for (; offset + kLanes < columns; offset += P::kVectors * kLanes) {
      product_columns<P, P::kVectors>(p, first / kPanel, offset);
    }
    for (; offset < columns; offset += kLanes) product_columns<P, 1>(p, first / kPanel, offset);
  }
}

// From here on the compiler knows nothing of the value.
template <typename T>
inline __attribute__((always_inline)) void forget_value(T& value) {
  asm volatile("" : "+m"(value));
}

// Accumulators that wait for nothing but themselves, as many as a product has or more: enough that
// an instruction need not wait for one before it.
template <typename P>
inline constexpr int kPeakSums = P::kRows* P::kVectors > 12 ? P::kRows* P::kVectors : 12;
template <typename P>
void peak(std::int64_t rounds, float* sink) {
  using V = typename P::Vector;
  constexpr int kSums = kPeakSums<P>;
  alignas(64) typename P::X ones[V::kLanes];
  for (typename P::X& one : ones) one = P::one();
  typename P::Left left = P::left(ones[0]);
  typename P::Right right = P::right(ones);
  typename P::Sum sums[kSums];
  // Different, or the compiler would see that they stay the same.
#pragma GCC unroll 24
  for (int i = 0; i < kSums; ++i) sums[i] = P::start(i);
  for (std::int64_t round = 0; round < rounds; ++round) {
    // Else a product that is an instruction of its own would be made once, before the loop.
    forget_value(left);
    forget_value(right);
#pragma GCC unroll 24
    for (typename P::Sum& sum : sums) sum = P::multiply(left, right, sum);
  }
  typename V::F total = P::number(sums[0]);
#pragma GCC unroll 24
  for (int i = 1; i < kSums; ++i) total = V::add(total, P::number(sums[i]));
  V::store(sink, total);
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
  accumulate<FloatProducts<V>, kRows, kVectors>(
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
