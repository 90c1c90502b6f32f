// The stages for AMX: products of pairs in tiles of 16 x 16 sums, else those of AVX-512 with BF16.
#ifdef __x86_64__
#include "kernels/simd/vector512bf16.h"

namespace fastformer::kernels {
namespace {

constexpr int kRows = 16;   // of a tile: of the operand, and pairs of the weights
constexpr int kPairs = 16;  // of a tile's row, and columns of the weights

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

void pair_peak_in_tiles(std::int64_t rounds, float* sink) {
  alignas(64) const Pair zeros[kRows * kPairs] = {};
  alignas(64) float sums[kRows * kPairs];
  configure(kRows);
  for (std::int64_t round = 0; round < rounds; ++round) {
    if (round == 0) {
      _tile_zero(0);
      _tile_zero(1);
      _tile_zero(2);
      _tile_zero(3);
      _tile_loadd(4, zeros, 64);
      _tile_loadd(5, zeros, 64);
      _tile_loadd(6, zeros, 64);
      _tile_loadd(7, zeros, 64);
    }
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, sums, 64);
  _tile_release();
  for (int i = 0; i < kRows; ++i) sink[i] = sums[i];
}

constexpr Stages with_tiles() {
  Stages stages = stages_with_pairs();
  stages.pair_product = pair_product_in_tiles;
  stages.pair_peak = pair_peak_in_tiles;
  stages.pair_peak_operations = 4 * kRows * kPairs * 2 * kPairs * 2;
  return stages;
}

constexpr Stages kStages = with_tiles();

}  // namespace

const Stages& amx_stages() { return kStages; }

}  // namespace fastformer::kernels
#endif
