// A tile of rows goes through all of it while it is in the caches.
#include "kernels/feed_forward.h"

#include <algorithm>
#include <vector>

#include "base/raw_vector.h"
#include "kernels/map_sums.h"
#include "kernels/simd/instruction_set.h"

namespace fastformer::kernels {
namespace {

// Room for a tile of rows of so many numbers.
class TileRoom {
 public:
  explicit TileRoom(std::int64_t columns)
      : columns_(columns), numbers_(static_cast<std::size_t>(kRowTile * columns)) {}

  MatrixView<float> rows(std::int64_t count) { return {numbers_.data(), count, columns_}; }

 private:
  std::int64_t columns_;
  RawVector<float> numbers_;
};

Rows rows_of(MatrixView<float> rows) { return {rows.data, rows.stride, rows.rows, rows.columns}; }

// The backward pass of tiles, on one thread.
class Backward {
 public:
  Backward(const FeedForward& map, const Panels& inner, const Panels& outer)
      : stages_(stages_of(instruction_set())),
        map_(map),
        inner_(inner),
        outer_(outer),
        activated_(map.inner.rows),
        gradient_(map.inner.rows) {}

  void run(MatrixView<const float> x, MatrixView<const float> units,
           MatrixView<const float> upstream, MatrixView<float> x_gradient, MapSums& of_inner,
           MapSums& of_outer) {
    const MatrixView<float> activated = activated_.rows(x.rows), gradient = gradient_.rows(x.rows);
    outer_.multiply(upstream, no_start(), panel_rows(gradient), room_);
    stages_.gelu_backward({units.data, units.stride, units.rows, units.columns, activated.data,
                           activated.stride, gradient.data, gradient.stride});
    of_outer.add(stages_, map_.is_short, upstream, activated);
    inner_.multiply(gradient, no_start(), panel_rows(x_gradient), room_);
    of_inner.add(stages_, map_.is_short, gradient, x);
  }

 private:
  const Stages& stages_;
  const FeedForward& map_;
  const Panels& inner_;  // transposed, as the next
  const Panels& outer_;
  TileRoom activated_, gradient_;
  std::vector<Pair> room_;
};

}  // namespace

void feed_forward(const FeedForward& map, MatrixView<const float> x, MatrixView<float> units,
                  MatrixView<float> y, const ParallelFor& parallel_for) {
  const Stages& stages = stages_of(instruction_set());
  const Panels inner = Panels::of(stages, map.inner, map.is_short, parallel_for);
  const Panels outer = Panels::of(stages, map.outer, map.is_short, parallel_for);
  parallel_for(row_tiles_of(x.rows), 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Pair> room;
    TileRoom tile(map.inner.rows);
    for (std::int64_t row = begin * kRowTile; row < std::min(end * kRowTile, x.rows);
         row += kRowTile) {
      const std::int64_t last = std::min(row + kRowTile, x.rows);
      const MatrixView<float> kept = units.rows_between(row, last);
      inner.multiply(x.rows_between(row, last), every_row(map.inner_bias), panel_rows(kept), room);
      const MatrixView<float> activated = tile.rows(last - row);
      std::copy_n(kept.data, kept.rows * kept.columns, activated.data);
      stages.gelu(rows_of(activated));
      outer.multiply(activated, every_row(map.outer_bias), panel_rows(y.rows_between(row, last)),
                     room);
    }
  });
}

void feed_forward_backward(const FeedForward& map, MatrixView<const float> x,
                           MatrixView<const float> units, MatrixView<const float> upstream,
                           const FeedForwardGradients& gradients, std::int64_t parts,
                           const ParallelFor& parallel_for) {
  const Stages& stages = stages_of(instruction_set());
  const Panels inner = Panels::of_transposed(stages, map.inner, map.is_short, parallel_for);
  const Panels outer = Panels::of_transposed(stages, map.outer, map.is_short, parallel_for);
  const std::int64_t tiles = row_tiles_of(x.rows), width = x.columns, inside = map.inner.rows;
  parts = std::clamp<std::int64_t>(parts, 1, std::max<std::int64_t>(tiles, 1));
  std::vector<MapSums> of_inner(static_cast<std::size_t>(parts)), of_outer(of_inner);
  parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t end) {
    Backward backward(map, inner, outer);
    for (std::int64_t part = begin; part < end; ++part) {
      const auto at = static_cast<std::size_t>(part);
      of_inner[at] = MapSums(inside, width);
      of_outer[at] = MapSums(width, inside);
      const std::int64_t end_row = std::min((part + 1) * tiles / parts * kRowTile, x.rows);
      for (std::int64_t row = part * tiles / parts * kRowTile; row < end_row; row += kRowTile) {
        const std::int64_t last = std::min(row + kRowTile, end_row);
        backward.run(x.rows_between(row, last), units.rows_between(row, last),
                     upstream.rows_between(row, last), gradients.rows.rows_between(row, last),
                     of_inner[at], of_outer[at]);
      }
    }
  });
  sum_parts(of_inner, &MapSums::weight, gradients.inner.data, parallel_for);
  sum_parts(of_inner, &MapSums::bias, gradients.inner_bias, parallel_for);
  sum_parts(of_outer, &MapSums::weight, gradients.outer.data, parallel_for);
  sum_parts(of_outer, &MapSums::bias, gradients.outer_bias, parallel_for);
}

}  // namespace fastformer::kernels
