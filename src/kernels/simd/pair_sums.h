// Weighted sums of tokens by the instruction for pairs: two tokens at a time, both factors rounded
// to bfloat16. Of internal linkage in the target that includes it.
#pragma once

#include "kernels/simd/vector512bf16.h"

namespace fastformer::kernels {
namespace {

inline constexpr std::int64_t kPairsAtOnce = 48, kColumnsAtOnce = 32, kHeadsAtOnce = 128;

// Heads [head, head + kHeadsAtOnce) and columns [column, column + kColumnsAtOnce) of some tokens,
// two of them in a pair.
struct PairSums {
  std::int64_t head, column, pairs;
  bool shrinks;  // first
  alignas(64) Pair weights[kPairsAtOnce][kHeadsAtOnce];
  alignas(64) Pair x[kPairsAtOnce][kColumnsAtOnce];
};

// Pairs of vectors of tokens 2 k and 2 k + 1, 0 past the last.
template <std::int64_t kStride>
inline void pair_tokens(const float* x, std::int64_t stride, std::int64_t tokens,
                        std::int64_t columns, Pair (*y)[kStride]) {
  for (std::int64_t k = 0; 2 * k < tokens; ++k) {
    const float* first = x + 2 * k * stride;
    const bool has_second = 2 * k + 1 < tokens;
    for (std::int64_t j = 0; j < columns; j += 16) {
      const __m512 second = has_second ? _mm512_loadu_ps(first + stride + j) : _mm512_setzero_ps();
      _mm512_store_si512(y[k] + j, pairs_of(_mm512_loadu_ps(first + j), second));
    }
  }
}

// The same of tokens that are in bfloat16 already.
inline void pair_short_tokens(const Pair* x, std::int64_t stride, std::int64_t tokens,
                              Pair (*y)[kColumnsAtOnce]) {
  constexpr std::uint32_t kFirst = 0x00200000u, kNext = 0x00010001u;  // places 0 and 32, and one on
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i low = _mm512_add_epi32(_mm512_mullo_epi32(lane, _mm512_set1_epi32(kNext)),
                                       _mm512_set1_epi32(kFirst));
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(16 * kNext));
  for (std::int64_t k = 0; 2 * k < tokens; ++k) {
    const Pair* row = x + 2 * k * stride;
    const __m512i first = _mm512_loadu_si512(row);
    const bool has_second = 2 * k + 1 < tokens;
    const __m512i second = has_second ? _mm512_loadu_si512(row + stride) : _mm512_setzero_si512();
    _mm512_store_si512(y[k], _mm512_permutex2var_epi16(first, low, second));
    _mm512_store_si512(y[k] + 16, _mm512_permutex2var_epi16(first, high, second));
  }
}

// Adds to kRows heads from `row` on, and to kVectors vectors.
template <int kRows, int kVectors>
inline void add_pairs(const WeightedSum& s, const PairSums& block, std::int64_t row) {
  float* y = s.sums + (block.head + row) * s.sums_stride + block.column;
  __m512 sums[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    const __m512 shrink = _mm512_set1_ps(block.shrinks ? s.shrink[block.head + row + r] : 1.0f);
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = _mm512_mul_ps(shrink, _mm512_loadu_ps(y + r * s.sums_stride + 16 * v));
    }
  }
  loops::accumulate<NativePairProducts, kRows, kVectors>(
      {block.weights[0] + row, 1, kHeadsAtOnce, block.x[0], kColumnsAtOnce, block.pairs}, sums);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      _mm512_storeu_ps(y + r * s.sums_stride + 16 * v, sums[r][v]);
    }
  }
}

// The last `rows` heads of the block, fewer than kRows + 1.
template <int kVectors, int kRows>
inline void add_last_pairs(const WeightedSum& s, const PairSums& block, std::int64_t row,
                           std::int64_t rows) {
  if constexpr (kRows > 0) {
    if (rows == kRows) {
      add_pairs<kRows, kVectors>(s, block, row);
    } else {
      add_last_pairs<kVectors, kRows - 1>(s, block, row, rows);
    }
  }
}

template <int kVectors>
inline void add_block(const WeightedSum& s, const PairSums& block, std::int64_t heads) {
  constexpr int kRows = 8;  // with 2 vectors each enough to keep two units busy
  std::int64_t row = 0;
  for (; row + kRows <= heads; row += kRows) add_pairs<kRows, kVectors>(s, block, row);
  add_last_pairs<kVectors, kRows - 1>(s, block, row, heads - row);
}

inline void sum_in_pairs(const WeightedSum& s) {
  PairSums block;
  for (std::int64_t token = 0; token < s.tokens; token += 2 * kPairsAtOnce) {
    const std::int64_t left = s.tokens - token;
    const std::int64_t tokens = left < 2 * kPairsAtOnce ? left : 2 * kPairsAtOnce;
    block.pairs = (tokens + 1) / 2;
    block.shrinks = token == 0;
    const float* weights = s.weights + token * s.weights_stride;
    for (block.head = 0; block.head < s.heads; block.head += kHeadsAtOnce) {
      const std::int64_t rest = s.heads - block.head;
      const std::int64_t heads = rest < kHeadsAtOnce ? rest : kHeadsAtOnce;
      pair_tokens(weights + block.head, s.weights_stride, tokens, heads, block.weights);
      for (block.column = 0; block.column < s.width; block.column += kColumnsAtOnce) {
        const std::int64_t columns = s.width - block.column > 16 ? kColumnsAtOnce : 16;
        if (s.pairs) {
          const Pair* pairs = s.pairs + token * s.pairs_stride + block.column / 2;
          pair_short_tokens(pairs, s.pairs_stride, tokens, block.x);
        } else {
          const float* x = s.x + token * s.x_stride + block.column;
          pair_tokens(x, s.x_stride, tokens, columns, block.x);
        }
        if (columns > 16) {
          add_block<2>(s, block, heads);
        } else {
          add_block<1>(s, block, heads);
        }
      }
    }
  }
}

// Packing costs more than it saves where heads are few.
inline void weighted_sum_of_pairs(const WeightedSum& s) {
  constexpr std::int64_t kFew = 6;
  if (s.heads <= kFew) {
    loops::weighted_sum<Vector512Bf16>(s);
  } else {
    sum_in_pairs(s);
  }
}

// Of numbers that have to be rounded first it costs as much as it saves.
inline void short_weighted_sum(const WeightedSum& s) {
  if (s.pairs) {
    sum_in_pairs(s);
  } else {
    loops::weighted_sum<Vector512Bf16>(s);
  }
}

}  // namespace
}  // namespace fastformer::kernels
