// Makes a document's matrix, multiplies its tokens and goes on to the next, so that all of it stays
// in the second cache.
#include "kernels/document_map.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/clones.h"
#include "kernels/map_panel.h"
#include "kernels/panels.h"
#include "kernels/part_sums.h"

namespace fastformer::kernels {
namespace {

// What follows from a row of the gradient of M.
struct MatrixRow {
  const float *gradient, *scaled, *key;
  std::int64_t width;
  float *scaled_gradient, *straight_gradient, *key_gradient;  // added to
};

// One loop each: of more places at once compilers do not find out that they are different ones.
FASTFORMER_CLONES void through_row(const MatrixRow& row) {
  const MatrixRow r = row;
  for (std::int64_t j = 0; j < r.width; ++j) r.straight_gradient[j] += r.gradient[j];
  for (std::int64_t j = 0; j < r.width; ++j) r.scaled_gradient[j] += r.gradient[j] * r.key[j];
  for (std::int64_t j = 0; j < r.width; ++j) r.key_gradient[j] += r.gradient[j] * r.scaled[j];
}

// The matrices that a document's M, or M', is made of, and room for it.
class Maker {
 public:
  Maker(const DocumentMap& map, const Panels& scaled, const Panels& straight)
      : map_(map),
        scaled_(scaled),
        straight_(straight),
        made_(stages_of(instruction_set()), map.width(), map.width(), map.is_short) {}

  const Panels& matrix(std::int64_t document) { return make(document, /*is_transposed=*/false); }
  const Panels& transposed(std::int64_t document) { return make(document, true); }

 private:
  const Panels& make(std::int64_t document, bool is_transposed) {
    const std::int64_t width = map_.width();
    for (std::int64_t first = 0; first < width; first += kPanel) {
      const std::int64_t at = first * width;
      const float* key = map_.keys.row(document);
      if (is_transposed) {
        make_transposed_map_panel(scaled_.data() + at, straight_.data() + at, key + first, width,
                                  made_.data() + at);
      } else {
        make_map_panel(scaled_.data() + at, straight_.data() + at, key, width, made_.data() + at);
      }
      made_.convert_panel(first / kPanel);
    }
    return made_;
  }

  const DocumentMap& map_;
  const Panels& scaled_;
  const Panels& straight_;
  Panels made_;
};

// The gradients of weights and bias, summed over some documents.
struct PartSums {
  std::vector<float> scaled, straight, bias;

  explicit PartSums(std::int64_t width = 0)
      : scaled(static_cast<std::size_t>(width * width)),
        straight(scaled.size()),
        bias(static_cast<std::size_t>(width)) {}
};

// The backward pass of documents, on one thread.
class Backward {
 public:
  Backward(const DocumentMap& map, MatrixView<const float> upstream,
           const DocumentMapGradients& gradients)
      : stages_(stages_of(instruction_set())),
        map_(map),
        upstream_(upstream),
        gradients_(gradients),
        of_rows_(static_cast<std::size_t>(kRowsAtOnce * map.width())) {}

  void through_tokens(std::int64_t begin, std::int64_t end, const Panels& scaled,
                      const Panels& straight) {
    Maker maker(map_, scaled, straight);
    std::vector<Pair> room;
    for (std::int64_t b = begin; b < end; ++b) {
      const std::int64_t from = map_.offsets[b], to = map_.offsets[b + 1];
      if (from == to) continue;
      maker.transposed(b).multiply(upstream_.rows_between(from, to), no_start(),
                                   panel_rows(gradients_.x.rows_between(from, to)), room);
    }
  }

  // Some rows of M at a time for all documents, so that the sums stay in the second cache.
  void through_matrices(std::int64_t begin, std::int64_t end, PartSums& sums) {
    const std::int64_t width = map_.width();
    for (std::int64_t b = begin; b < end; ++b) std::fill_n(gradients_.keys.row(b), width, 0.0F);
    for (std::int64_t first = 0; first < width; first += kRowsAtOnce) {
      const std::int64_t rows = std::min(kRowsAtOnce, width - first);
      for (std::int64_t b = begin; b < end; ++b) through_rows(b, first, rows, sums);
    }
    add_rows(upstream_.rows_between(map_.offsets[begin], map_.offsets[end]), sums.bias.data());
  }

 private:
  static constexpr std::int64_t kRowsAtOnce = 64;

  void through_rows(std::int64_t document, std::int64_t first, std::int64_t rows, PartSums& sums) {
    const std::int64_t begin = map_.offsets[document], end = map_.offsets[document + 1];
    if (begin == end) return;
    const std::int64_t width = map_.width();
    const MatrixView<const float> upstream(upstream_.row(begin) + first, end - begin, rows,
                                           upstream_.stride);
    set_outer_products(stages_, map_.is_short, upstream, map_.x.rows_between(begin, end),
                       {of_rows_.data(), rows, width});
    for (std::int64_t o = 0; o < rows; ++o) {
      const std::int64_t at = (first + o) * width;
      through_row({of_rows_.data() + o * width, map_.scaled.row(first + o), map_.keys.row(document),
                   width, sums.scaled.data() + at, sums.straight.data() + at,
                   gradients_.keys.row(document)});
    }
  }

  const Stages& stages_;
  const DocumentMap& map_;
  MatrixView<const float> upstream_;
  const DocumentMapGradients& gradients_;
  // The gradient of some rows of a document's M. What is no number there stays in it for the next
  // documents: then the sums over all of them are none either.
  std::vector<float> of_rows_;
};

// The documents that begin among tokens [begin, end).
std::pair<std::int64_t, std::int64_t> documents_between(std::span<const std::int64_t> offsets,
                                                        std::int64_t begin, std::int64_t end) {
  const auto first = std::lower_bound(offsets.begin(), offsets.end() - 1, begin);
  const auto last = std::lower_bound(first, offsets.end() - 1, end);
  return {first - offsets.begin(), last - offsets.begin()};
}

}  // namespace

void document_map(const DocumentMap& map, const float* bias, MatrixView<float> y,
                  const ParallelFor& parallel_for) {
  const Stages& stages = stages_of(instruction_set());
  const Panels scaled = Panels::of(stages, map.scaled, false, parallel_for);
  const Panels straight = Panels::of(stages, map.straight, false, parallel_for);
  parallel_for(map.x.rows, kRowTile, [&](std::int64_t begin, std::int64_t end) {
    Maker maker(map, scaled, straight);
    std::vector<Pair> room;
    const auto [first, last] = documents_between(map.offsets, begin, end);
    for (std::int64_t b = first; b < last; ++b) {
      const std::int64_t from = map.offsets[b], to = map.offsets[b + 1];
      if (from == to) continue;
      maker.matrix(b).multiply(map.x.rows_between(from, to), every_row(bias),
                               panel_rows(y.rows_between(from, to)), room);
    }
  });
}

void document_map_backward(const DocumentMap& map, MatrixView<const float> upstream,
                           const DocumentMapGradients& gradients, std::int64_t parts,
                           const ParallelFor& parallel_for) {
  const Stages& stages = stages_of(instruction_set());
  const std::int64_t tokens = map.x.rows, width = map.width();
  const Panels scaled = Panels::of_transposed(stages, map.scaled, false, parallel_for);
  const Panels straight = Panels::of_transposed(stages, map.straight, false, parallel_for);
  parts = std::clamp<std::int64_t>(parts, 1, std::max<std::int64_t>(map.documents(), 1));
  std::vector<PartSums> sums(static_cast<std::size_t>(parts));
  parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) {
      PartSums& own = sums[static_cast<std::size_t>(part)];
      own = PartSums(width);
      Backward backward(map, upstream, gradients);
      // Empty documents at the end begin where no token does.
      const bool is_last = part + 1 == parts;
      const auto [first, last] = documents_between(
          map.offsets, part * tokens / parts, is_last ? tokens + 1 : (part + 1) * tokens / parts);
      backward.through_tokens(first, last, scaled, straight);
      backward.through_matrices(first, last, own);
    }
  });
  sum_parts(sums, &PartSums::scaled, gradients.scaled.data, parallel_for);
  sum_parts(sums, &PartSums::straight, gradients.straight.data, parallel_for);
  sum_parts(sums, &PartSums::bias, gradients.bias, parallel_for);
}

}  // namespace fastformer::kernels
