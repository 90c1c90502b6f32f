// The stages for AMX: products of pairs and quads in tiles of 16 x 16 sums, else those of AVX-512
// with BF16.
#ifdef __x86_64__
#include "kernels/simd/amx_sums.h"
#include "kernels/simd/vector512bf16.h"

namespace fastformer::kernels {
namespace {

constexpr int kRows = 16;   // of a tile: of the operand, and pairs or quads of the weights
constexpr int kPairs = 16;  // or quads, of a tile's row; and columns of the weights

// Tiles 0 to 3 are sums, 4 and 5 the operand, 6 and 7 weights. `rows` of sums and operand.
struct alignas(64) Configuration {
  std::uint8_t palette = 1, start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {};
};

void configure(int rows) {
  Configuration configuration;
  for (int i = 0; i < 8; ++i) {
    configuration.rows[i] = static_cast<std::uint8_t>(i < 6 ? rows : kRows);
  }
  settle(&configuration);
  _tile_loadconfig(&configuration);
}

// Two tiles of rows, the second kRows on, and two of columns; or one of either.
template <bool kTwoRows, bool kTwoColumns>
void block(const PairProduct& p, std::int64_t first, std::int64_t panel, std::int64_t offset) {
  const std::int64_t x_bytes = p.x_stride * 4, w_bytes = kPanel * 4;
  const std::int64_t start_bytes = p.start_row * 4, y_bytes = p.y_row * 4;
  const float* start = p.start + panel * p.start_panel + first * p.start_row + offset;
  const float* below = start + kRows * p.start_row;
  float* y = p.y + panel * p.y_panel + first * p.y_row + offset;
  const Pair* x = p.x + first * p.x_stride;
  const Pair* w = p.panels + panel * p.inputs * kPanel + offset;
  _tile_loadd(0, start, start_bytes);
  if constexpr (kTwoColumns) _tile_loadd(1, start + kPairs, start_bytes);
  if constexpr (kTwoRows) _tile_loadd(2, below, start_bytes);
  if constexpr (kTwoRows && kTwoColumns) _tile_loadd(3, below + kPairs, start_bytes);
  for (std::int64_t k = 0; k < p.inputs; k += kPairs) {
    _tile_loadd(4, x + k, x_bytes);
    _tile_loadd(6, w + k * kPanel, w_bytes);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (kTwoColumns) {
      _tile_loadd(7, w + k * kPanel + kPairs, w_bytes);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (kTwoRows) {
      _tile_loadd(5, x + kRows * p.x_stride + k, x_bytes);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (kTwoColumns) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, y, y_bytes);
  if constexpr (kTwoColumns) _tile_stored(1, y + kPairs, y_bytes);
  if constexpr (kTwoRows) _tile_stored(2, y + kRows * p.y_row, y_bytes);
  if constexpr (kTwoRows && kTwoColumns) _tile_stored(3, y + kRows * p.y_row + kPairs, y_bytes);
}

template <bool kTwoRows>
void columns(const PairProduct& p, std::int64_t first) {
  for (std::int64_t column = 0; column < p.outputs; column += kPanel) {
    if (p.outputs - column > kPairs) {
      block<kTwoRows, true>(p, first, column / kPanel, 0);
    } else {
      block<kTwoRows, false>(p, first, column / kPanel, 0);
    }
  }
}

// A row's sums are made in the same order whichever tile it stands in.
void pair_product_in_tiles(const PairProduct& p) {
  const std::int64_t whole = p.rows - p.rows % kRows;
  if (whole > 0) {
    configure(kRows);
    std::int64_t first = 0;
    for (; first + 2 * kRows <= whole; first += 2 * kRows) columns<true>(p, first);
    if (first < whole) columns<false>(p, first);
  }
  if (whole < p.rows) {
    configure(static_cast<int>(p.rows - whole));
    columns<false>(p, whole);
  }
  _tile_release();
}

// kBytes: of quads, else of pairs.
template <bool kBytes>
void peak_in_tiles(std::int64_t rounds, float* sink) {
  // Zeros would take less power, and some processors then run faster than with a model's numbers.
  alignas(64) Pair numbers[kRows * kPairs];
  for (int i = 0; i < kRows * kPairs; ++i) {
    const Pair bits = static_cast<Pair>(i) * 2654435761u;
    numbers[i] = kBytes ? bits : (bits & 0x807f807fu) | 0x3c003c00u;
  }
  alignas(64) float sums[kRows * kPairs];
  configure(kRows);
  settle(numbers);
  for (std::int64_t round = 0; round < rounds; ++round) {
    if (round == 0) {
      _tile_zero(0);
      _tile_zero(1);
      _tile_zero(2);
      _tile_zero(3);
      _tile_loadd(4, numbers, 64);
      _tile_loadd(5, numbers, 64);
      _tile_loadd(6, numbers, 64);
      _tile_loadd(7, numbers, 64);
    }
    if constexpr (kBytes) {
      _tile_dpbusd(0, 4, 6);
      _tile_dpbusd(1, 4, 7);
      _tile_dpbusd(2, 5, 6);
      _tile_dpbusd(3, 5, 7);
    } else {
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, sums, 64);
  _tile_release();
  for (int i = 0; i < kRows; ++i) sink[i] = sums[i];
}

// Sums of a block of quads, kept until they are scaled.
struct QuadBlock {
  alignas(64) std::int32_t sums[2 * kRows][kPanel];
};

template <bool kTwoRows, bool kTwoColumns>
void quad_sums(const QuadProduct& p, std::int64_t first, std::int64_t panel, QuadBlock& block) {
  constexpr std::int64_t kRowBytes = kPanel * 4;
  const std::int64_t x_bytes = p.x_stride * 4;
  const Quad* x = p.x + first * p.x_stride;
  const Quad* w = p.panels + panel * p.inputs * kPanel;
  _tile_zero(0);
  if constexpr (kTwoColumns) _tile_zero(1);
  if constexpr (kTwoRows) _tile_zero(2);
  if constexpr (kTwoRows && kTwoColumns) _tile_zero(3);
  for (std::int64_t k = 0; k < p.inputs; k += kQuadStep) {
    _tile_loadd(4, x + k, x_bytes);
    _tile_loadd(6, w + k * kPanel, kRowBytes);
    _tile_dpbusd(0, 4, 6);
    if constexpr (kTwoColumns) {
      _tile_loadd(7, w + k * kPanel + kPairs, kRowBytes);
      _tile_dpbusd(1, 4, 7);
    }
    if constexpr (kTwoRows) {
      _tile_loadd(5, x + kRows * p.x_stride + k, x_bytes);
      _tile_dpbusd(2, 5, 6);
      if constexpr (kTwoColumns) _tile_dpbusd(3, 5, 7);
    }
  }
  _tile_stored(0, block.sums[0], kRowBytes);
  if constexpr (kTwoColumns) _tile_stored(1, block.sums[0] + kPairs, kRowBytes);
  if constexpr (kTwoRows) _tile_stored(2, block.sums[kRows], kRowBytes);
  if constexpr (kTwoRows && kTwoColumns) {
    _tile_stored(3, block.sums[kRows] + kPairs, kRowBytes);
  }
}

// The block's `rows` x 16 `halves` sums to y.
void scale_block(const QuadProduct& p, std::int64_t first, std::int64_t panel,
                 const QuadBlock& block, int rows, int halves) {
  const Quad* x = p.x + first * p.x_stride + p.inputs;
  const float* start = p.start + panel * p.start_panel + first * p.start_row;
  float* y = p.y + panel * p.y_panel + first * p.y_row;
  for (int half = 0; half < halves; ++half) {
    const std::int64_t j = half * kPairs, column = panel * kPanel + j;
    const __m512i zeros = _mm512_loadu_si512(p.zeros + column);
    const __m512 scales = _mm512_loadu_ps(p.scales + column);
    for (int r = 0; r < rows; ++r) {
      const __m512i sum = _mm512_sub_epi32(_mm512_load_si512(block.sums[r] + j), zeros);
      const __m512 scaled = _mm512_mul_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(sum), scales),
                                          Vector512::set_bits(x[r * p.x_stride]));
      _mm512_storeu_ps(y + r * p.y_row + j,
                       _mm512_add_ps(_mm512_loadu_ps(start + r * p.start_row + j), scaled));
    }
  }
}

template <bool kTwoRows>
void quad_columns(const QuadProduct& p, std::int64_t first, int rows) {
  QuadBlock block;
  for (std::int64_t column = 0; column < p.outputs; column += kPanel) {
    const std::int64_t panel = column / kPanel;
    if (p.outputs - column > kPairs) {
      quad_sums<kTwoRows, true>(p, first, panel, block);
      scale_block(p, first, panel, block, rows, 2);
    } else {
      quad_sums<kTwoRows, false>(p, first, panel, block);
      scale_block(p, first, panel, block, rows, 1);
    }
  }
}

void quad_product_in_tiles(const QuadProduct& p) {
  const std::int64_t whole = p.rows - p.rows % kRows;
  if (whole > 0) {
    configure(kRows);
    std::int64_t first = 0;
    for (; first + 2 * kRows <= whole; first += 2 * kRows) quad_columns<true>(p, first, 2 * kRows);
    if (first < whole) quad_columns<false>(p, first, kRows);
  }
  if (whole < p.rows) {
    const int rest = static_cast<int>(p.rows - whole);
    configure(rest);
    quad_columns<false>(p, whole, rest);
  }
  _tile_release();
}

constexpr Stages with_tiles() {
  Stages stages = stages_with_pairs();
  stages.pair_product = pair_product_in_tiles;
  stages.short_weighted_sum = weighted_sum_in_tiles;
  stages.pair_weighted_sum = weighted_sum_in_tiles;
  stages.quad_product = quad_product_in_tiles;
  stages.pair_peak = peak_in_tiles<false>;
  stages.pair_peak_operations = 4 * kRows * kPairs * 2 * kPairs * 2;
  stages.quad_peak = peak_in_tiles<true>;
  stages.quad_peak_operations = 4 * kRows * kPairs * 4 * kPairs * 2;
  return stages;
}

constexpr Stages kStages = with_tiles();

}  // namespace

const Stages& amx_stages() { return kStages; }

}  // namespace fastformer::kernels
#endif
