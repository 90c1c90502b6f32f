// Tiles of rows through the products of the processor's best instruction set.
#include "kernels/linear_map.h"

#include <algorithm>
#include <vector>

#include "kernels/map_sums.h"
#include "kernels/simd/instruction_set.h"

namespace fastformer::kernels {

bool has_linear_kernels(std::int64_t outputs, std::int64_t inputs) {
  return outputs > 0 && inputs > 0 && outputs % kPanel == 0 && inputs % kPanel == 0;
}

void linear_forward(const LinearMap& map, MatrixView<const float> x, PanelRows<const float> start,
                    MatrixView<float> y, const ParallelFor& parallel_for) {
  const Panels panels =
      Panels::of(stages_of(instruction_set()), map.weight, map.is_short, parallel_for);
  parallel_for(row_tiles_of(x.rows), 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Pair> room;
    const std::int64_t row = begin * kRowTile, last = std::min(end * kRowTile, x.rows);
    panels.multiply(x.rows_between(row, last), start.from(row),
                    panel_rows(y.rows_between(row, last)), room);
  });
}

void linear_backward(const LinearMap& map, MatrixView<const float> x,
                     MatrixView<const float> upstream, const LinearGradients& gradients,
                     std::int64_t parts, const ParallelFor& parallel_for) {
  const Stages& stages = stages_of(instruction_set());
  const Panels panels = Panels::of_transposed(stages, map.weight, map.is_short, parallel_for);
  const std::int64_t tiles = row_tiles_of(x.rows);
  parts = std::clamp<std::int64_t>(parts, 1, std::max<std::int64_t>(tiles, 1));
  std::vector<MapSums> sums(static_cast<std::size_t>(parts));
  const auto add_part = [&](std::int64_t part) {
    std::vector<Pair> room;
    MapSums& part_sums = sums[static_cast<std::size_t>(part)];
    part_sums = MapSums(upstream.columns, x.columns);
    const std::int64_t end = std::min((part + 1) * tiles / parts * kRowTile, x.rows);
    for (std::int64_t row = part * tiles / parts * kRowTile; row < end; row += kRowTile) {
      const std::int64_t last = std::min(row + kRowTile, end);
      const MatrixView<const float> tile = upstream.rows_between(row, last);
      panels.multiply(tile, no_start(), panel_rows(gradients.rows.rows_between(row, last)), room);
      part_sums.add(stages, map.is_short, tile, x.rows_between(row, last));
    }
  };
  parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) add_part(part);
  });
  sum_parts(sums, &MapSums::weight, gradients.weight.data, parallel_for);
  sum_parts(sums, &MapSums::bias, gradients.bias, parallel_for);
}

}  // namespace fastformer::kernels
