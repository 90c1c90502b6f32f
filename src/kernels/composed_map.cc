// Makes a matrix per document and multiplies its tokens.
#include "kernels/composed_map.h"

#include <algorithm>
#include <vector>

#include "kernels/document_chunks.h"
#include "kernels/panels.h"
#include "kernels/part_sums.h"

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kTokens = 4 * kRowTile;         // that a thread multiplies at a time
constexpr std::int64_t kGradientTokens = 4 * kTokens;  // that share a sum of the size of M

using Floats = std::vector<float>;

Floats zeros(std::int64_t count) { return Floats(static_cast<std::size_t>(count), 0.0F); }

// y(r, j) = x(r, j) * factors[j].
void scale_columns(const Stages& stages, MatrixView<const float> x, const float* factors,
                   MatrixView<float> y) {
  stages.scale({x.data, x.stride, x.rows, x.columns, factors, false, y.data, y.stride});
}

Floats transposed(MatrixView<const float> matrix) {
  Floats result(static_cast<std::size_t>(matrix.rows * matrix.columns));
  for (std::int64_t r = 0; r < matrix.rows; ++r) {
    for (std::int64_t c = 0; c < matrix.columns; ++c) {
      result[static_cast<std::size_t>(c * matrix.rows + r)] = matrix(r, c);
    }
  }
  return result;
}

// Makes panels of left diag(K) right' + start, whose transposed rows are those of `left`: a product
// with `right`, the one matrix in panels.
class Maker {
 public:
  Maker(const ComposedMap& map, MatrixView<const float> left, const Panels& right,
        const Panels& start)
      : stages_(stages_of(instruction_set())),
        map_(map),
        left_(left),
        right_(right),
        start_(start) {}

  std::vector<Panels> all(const ParallelFor& parallel_for) const {
    const std::int64_t width = map_.width();
    std::vector<Panels> made(static_cast<std::size_t>(map_.documents()),
                             Panels(stages_, 0, 0, false));
    parallel_for(map_.documents(), 1, [&](std::int64_t begin, std::int64_t end) {
      Floats scaled(static_cast<std::size_t>(width * width));
      std::vector<Pair> room;
      for (std::int64_t b = begin; b < end; ++b) {
        if (map_.offsets[b] == map_.offsets[b + 1]) continue;
        const MatrixView<float> rows(scaled.data(), width, width);
        scale_columns(stages_, left_, map_.keys.row(b), rows);
        Panels panels(stages_, width, width, map_.is_short);
        right_.multiply(rows, start_.transposed_rows(), panels.transposed_rows(), room);
        panels.convert();
        made[static_cast<std::size_t>(b)] = std::move(panels);
      }
    });
    return made;
  }

 private:
  const Stages& stages_;
  const ComposedMap& map_;
  MatrixView<const float> left_;
  const Panels& right_;
  const Panels& start_;
};

// M of every document.
std::vector<Panels> matrices(const ComposedMap& map, const ParallelFor& parallel_for) {
  const Stages& stages = stages_of(instruction_set());
  const Floats query = transposed(map.query);
  const Panels spread = Panels::of(stages, map.spread, map.is_short, parallel_for);
  const Panels straight = Panels::of(stages, map.straight, false, parallel_for);
  return Maker(map, {query.data(), map.width(), map.width()}, spread, straight).all(parallel_for);
}

// M' of every document.
std::vector<Panels> transposed_matrices(const ComposedMap& map, const ParallelFor& parallel_for) {
  const Stages& stages = stages_of(instruction_set());
  const Panels query = Panels::of_transposed(stages, map.query, map.is_short, parallel_for);
  const Panels straight = Panels::of_transposed(stages, map.straight, false, parallel_for);
  return Maker(map, map.spread, query, straight).all(parallel_for);
}

// Gradients of the weights, summed over some documents.
struct WeightSums {
  Floats spread, query, straight;  // [width, width]

  explicit WeightSums(std::int64_t width = 0)
      : spread(zeros(width * width)), query(spread), straight(spread) {}
};

// From the gradient of a document's M to those of what it is made of.
class ThroughMatrix {
 public:
  ThroughMatrix(const ComposedMap& map, const Panels& query)
      : stages_(stages_of(instruction_set())),
        map_(map),
        query_(query),
        width_(map.width()),
        product_(static_cast<std::size_t>(width_ * width_)) {}

  // With G the gradient of M: that of C1 is (G Wq') diag(K), that of Wq is diag(K) (C1' G), that of
  // K the diagonal of C1' G Wq'.
  void run(const Floats& gradient, const float* key, WeightSums& sums, float* key_gradient) {
    const MatrixView<const float> of_matrix(gradient.data(), width_, width_);
    for (std::size_t i = 0; i < gradient.size(); ++i) sums.straight[i] += gradient[i];
    const MatrixView<float> product(product_.data(), width_, width_);
    query_.multiply(of_matrix, no_start(), panel_rows(product), room_);
    for (std::int64_t o = 0; o < width_; ++o) {
      float* to = sums.spread.data() + o * width_;
      for (std::int64_t j = 0; j < width_; ++j) to[j] += product(o, j) * key[j];
    }
    std::fill(product_.begin(), product_.end(), 0.0F);
    add_outer_products(stages_, map_.is_short, map_.spread, of_matrix, product);
    for (std::int64_t j = 0; j < width_; ++j) {
      const float* row = map_.query.row(j);
      float* to = sums.query.data() + j * width_;
      float sum = 0;
      for (std::int64_t i = 0; i < width_; ++i) {
        sum += product(j, i) * row[i];
        to[i] += key[j] * product(j, i);
      }
      key_gradient[j] = sum;
    }
  }

 private:
  const Stages& stages_;
  const ComposedMap& map_;
  const Panels& query_;
  std::int64_t width_;
  Floats product_;
  std::vector<Pair> room_;
};

// The gradients of a chunk's M and m.
struct ChunkSums {
  Floats matrix, bias;
};

// x gets M' upstream; the chunk's share of the gradients of M and m is returned.
ChunkSums through_tokens(const ComposedMap& map, const DocumentChunk& chunk, const Panels& matrix,
                         MatrixView<const float> upstream, MatrixView<float> x_gradient) {
  const std::int64_t width = map.width();
  const MatrixView<const float> rows = upstream.rows_between(chunk.begin, chunk.end);
  ChunkSums sums{zeros(width * width), zeros(width)};
  std::vector<Pair> room;
  matrix.multiply(rows, no_start(), panel_rows(x_gradient.rows_between(chunk.begin, chunk.end)),
                  room);
  add_outer_products(stages_of(instruction_set()), map.is_short, rows,
                     map.x.rows_between(chunk.begin, chunk.end),
                     {sums.matrix.data(), width, width});
  add_rows(rows, sums.bias.data());
  return sums;
}

void add(const Floats& from, Floats& to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
}

}  // namespace

void composed_map(const ComposedMap& map, MatrixView<const float> biases, MatrixView<float> y,
                  const ParallelFor& parallel_for) {
  const std::vector<Panels> of_documents = matrices(map, parallel_for);
  const DocumentChunks chunks(map.offsets, kTokens);
  parallel_for(chunks.size(), 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Pair> room;
    for (std::int64_t c = begin; c < end; ++c) {
      const DocumentChunk& chunk = chunks[c];
      of_documents[static_cast<std::size_t>(chunk.document)].multiply(
          map.x.rows_between(chunk.begin, chunk.end), every_row(biases.row(chunk.document)),
          panel_rows(y.rows_between(chunk.begin, chunk.end)), room);
    }
  });
}

void composed_map_backward(const ComposedMap& map, MatrixView<const float> upstream,
                           const ComposedMapGradients& gradients, std::int64_t parts,
                           const ParallelFor& parallel_for) {
  const std::int64_t documents = map.documents(), width = map.width();
  const DocumentChunks chunks(map.offsets, kGradientTokens);
  std::vector<ChunkSums> sums(static_cast<std::size_t>(chunks.size()));
  {
    const std::vector<Panels> of_documents = transposed_matrices(map, parallel_for);
    parallel_for(chunks.size(), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t c = begin; c < end; ++c) {
        const auto document = static_cast<std::size_t>(chunks[c].document);
        sums[static_cast<std::size_t>(c)] =
            through_tokens(map, chunks[c], of_documents[document], upstream, gradients.x);
      }
    });
  }
  const Panels query =
      Panels::of(stages_of(instruction_set()), map.query, map.is_short, parallel_for);
  parts = std::clamp<std::int64_t>(parts, 1, std::max<std::int64_t>(documents, 1));
  std::vector<WeightSums> of_weights(static_cast<std::size_t>(parts));
  const auto run_part = [&](std::int64_t part) {
    ThroughMatrix through(map, query);
    WeightSums& part_sums = of_weights[static_cast<std::size_t>(part)];
    part_sums = WeightSums(width);
    for (std::int64_t b = part * documents / parts; b < (part + 1) * documents / parts; ++b) {
      std::fill_n(gradients.keys.row(b), width, 0.0F);
      std::fill_n(gradients.biases.row(b), width, 0.0F);
      const std::int64_t first = chunks.first[static_cast<std::size_t>(b)];
      const std::int64_t end = chunks.first[static_cast<std::size_t>(b) + 1];
      if (first == end) continue;
      ChunkSums& document = sums[static_cast<std::size_t>(first)];
      for (std::int64_t c = first + 1; c < end; ++c) {
        add(sums[static_cast<std::size_t>(c)].matrix, document.matrix);
        add(sums[static_cast<std::size_t>(c)].bias, document.bias);
      }
      std::copy(document.bias.begin(), document.bias.end(), gradients.biases.row(b));
      through.run(document.matrix, map.keys.row(b), part_sums, gradients.keys.row(b));
      document = {};
    }
  };
  parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) run_part(part);
  });
  sum_parts(of_weights, &WeightSums::spread, gradients.spread.data, parallel_for);
  sum_parts(of_weights, &WeightSums::query, gradients.query.data, parallel_for);
  sum_parts(of_weights, &WeightSums::straight, gradients.straight.data, parallel_for);
}

}  // namespace fastformer::kernels
