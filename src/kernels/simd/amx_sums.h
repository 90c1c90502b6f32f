// Sums of tokens weighted by head in AMX's tiles: heads x tokens times tokens x columns, both
// rounded to bfloat16. Of internal linkage in the target that includes it.
#pragma once

#include "kernels/simd/vector512bf16.h"

namespace fastformer::kernels {
namespace {

inline constexpr std::int64_t kSumTokens = 32, kSumHeads = 16, kSumColumns = 256;

// Tile 0 is sums of `heads`, tile 1 weights of 32 tokens, tile 2 those tokens' columns.
struct SumTiles {
  alignas(64) Pair weights[kSumHeads][kSumTokens / 2];
  alignas(64) Pair x[kSumColumns / 16][kSumTokens / 2][16];
};

// What tiles read must be in memory before; the compiler does not know what they read.
inline void settle(const void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

inline void configure_sums(int heads) {
  alignas(64) std::uint8_t configuration[64] = {1};
  for (int tile = 0; tile < 3; ++tile) {
    configuration[16 + 2 * tile] = 64;
    configuration[48 + tile] = static_cast<std::uint8_t>(tile < 2 ? heads : 16);
  }
  settle(configuration);
  _tile_loadconfig(configuration);
}

// Vectors of two tokens' numbers, 0 where a token is past the last.
struct TwoTokens {
  TwoTokens(const WeightedSum& s, std::int64_t token)
      : has_first(token < s.tokens), has_second(token + 1 < s.tokens) {}
  __m512i pairs(const float* first, std::int64_t stride) const {
    const __m512 a = has_first ? _mm512_loadu_ps(first) : _mm512_setzero_ps();
    const __m512 b = has_second ? _mm512_loadu_ps(first + stride) : _mm512_setzero_ps();
    return pairs_of(a, b);
  }
  bool has_first, has_second;
};

// Weights of heads [head, head + 16) and tokens [token, token + 32), a head's side by side.
inline void take_weights(const WeightedSum& s, std::int64_t head, std::int64_t token,
                         SumTiles& tiles) {
  alignas(64) Pair by_token[kSumTokens / 2][kSumHeads];
  for (std::int64_t k = 0; k < kSumTokens / 2; ++k) {
    const TwoTokens two(s, token + 2 * k);
    const float* weights = s.weights + (token + 2 * k) * s.weights_stride + head;
    _mm512_store_si512(by_token[k], two.pairs(weights, s.weights_stride));
  }
  const __m512i index =
      _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                         _mm512_set1_epi32(kSumHeads));
  for (std::int64_t h = 0; h < kSumHeads; ++h) {
    _mm512_store_si512(tiles.weights[h], _mm512_i32gather_epi32(index, by_token[0] + h, 4));
  }
}

// Columns [column, column + columns) of those tokens.
inline void take_columns(const WeightedSum& s, std::int64_t token, std::int64_t column,
                         std::int64_t columns, SumTiles& tiles) {
  for (std::int64_t k = 0; k < kSumTokens / 2; ++k) {
    const TwoTokens two(s, token + 2 * k);
    const float* x = s.x + (token + 2 * k) * s.x_stride + column;
    for (std::int64_t j = 0; j < columns; j += 16) {
      _mm512_store_si512(tiles.x[j / 16][k], two.pairs(x + j, s.x_stride));
    }
  }
}

inline void shrink_sums(const WeightedSum& s, std::int64_t head, std::int64_t heads) {
  for (std::int64_t h = head; h < head + heads; ++h) {
    const __m512 shrink = _mm512_set1_ps(s.shrink[h]);
    float* sums = s.sums + h * s.sums_stride;
    for (std::int64_t j = 0; j < s.width; j += 16) {
      _mm512_storeu_ps(sums + j, _mm512_mul_ps(_mm512_loadu_ps(sums + j), shrink));
    }
  }
}

// A few heads leave most of a tile empty: vectors are faster.
inline void weighted_sum_in_tiles(const WeightedSum& s) {
  constexpr std::int64_t kFew = 6;
  if (s.heads <= kFew) {
    loops::weighted_sum<Vector512Bf16>(s);
    return;
  }
  SumTiles tiles;
  for (std::int64_t head = 0; head < s.heads; head += kSumHeads) {
    const std::int64_t heads = s.heads - head < kSumHeads ? s.heads - head : kSumHeads;
    shrink_sums(s, head, heads);
    configure_sums(static_cast<int>(heads));
    for (std::int64_t token = 0; token < s.tokens; token += kSumTokens) {
      take_weights(s, head, token, tiles);
      for (std::int64_t column = 0; column < s.width; column += kSumColumns) {
        const std::int64_t left = s.width - column;
        const std::int64_t columns = left < kSumColumns ? left : kSumColumns;
        take_columns(s, token, column, columns, tiles);
        settle(&tiles);
        _tile_loadd(1, tiles.weights, 64);
        for (std::int64_t j = 0; j < columns; j += 16) {
          float* sums = s.sums + head * s.sums_stride + column + j;
          _tile_loadd(0, sums, s.sums_stride * 4);
          _tile_loadd(2, tiles.x[j / 16], 64);
          _tile_dpbf16ps(0, 1, 2);
          _tile_stored(0, sums, s.sums_stride * 4);
        }
      }
    }
  }
  _tile_release();
}

}  // namespace
}  // namespace fastformer::kernels
