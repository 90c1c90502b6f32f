// Chunks of documents through the thin products of the processor's best instruction set.
#include "kernels/token_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/raw_vector.h"
#include "kernels/document_chunks.h"
#include "kernels/exponential.h"
#include "kernels/panels.h"

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kChunk = 256;  // tokens, which stay in the second cache

// Rows of `directions` [heads, width] as the weights of a product with heads outputs; what lies
// past the heads stays as it is, 0.
void pack_outputs(MatrixView<const float> directions, std::vector<float>& panels) {
  for (std::int64_t h = 0; h < directions.rows; ++h) {
    float* to = panels.data() + h / kPanel * kPanel * directions.columns + h % kPanel;
    const float* row = directions.row(h);
    for (std::int64_t k = 0; k < directions.columns; ++k) to[k * kPanel] = row[k];
  }
}

// Rows [inputs, outputs] as the weights of a product of so many inputs, from input `first` on.
void pack_inputs(MatrixView<const float> rows, std::int64_t inputs, std::int64_t first,
                 std::vector<float>& panels) {
  for (std::int64_t k = 0; k < rows.rows; ++k) {
    for (std::int64_t j = 0; j < rows.columns; j += kPanel) {
      std::copy_n(rows.row(k) + j, kPanel, panels.data() + j * inputs + (first + k) * kPanel);
    }
  }
}

// What a thread works with.
class Room {
 public:
  explicit Room(const TokenSums& input)
      : stages_(stages_of(instruction_set())),
        input_(input),
        heads_(input.heads),
        stride_(padded(heads_)),
        width_(input.x.columns),
        panels_(static_cast<std::size_t>(stride_ * width_)),
        scores_(static_cast<std::size_t>(kChunk * stride_)),
        shrink_(static_cast<std::size_t>(stride_), 1.0F) {}

  const Stages& stages() const { return stages_; }
  std::int64_t stride() const { return stride_; }
  float* scores() { return scores_.data(); }
  const float* scores(std::int64_t i) const { return scores_.data() + i * stride_; }
  float* shrink() { return shrink_.data(); }

  // scores [tokens, heads] = x directions'.
  void score(const DocumentChunk& chunk, MatrixView<const float> directions) {
    pack_outputs(directions, panels_);
    Product product;
    product.x = input_.x.row(chunk.begin);
    product.x_stride = input_.x.stride;
    product.rows = chunk.tokens();
    product.inputs = width_;
    product.panels = panels_.data();
    product.outputs = heads_;
    product.start = kPanelOfZeros;
    product.start_panel = 0;
    product.y = scores_.data();
    product.y_row = stride_;
    stages_.product(product);
  }

  // sums [heads, width] += weights' x; the weights lie `stride` apart.
  void add(const DocumentChunk& chunk, const float* weights, std::int64_t stride, float* sums) {
    WeightedSum sum;
    sum.weights = weights;
    sum.weights_stride = stride;
    sum.shrink = shrink_.data();
    sum.tokens = chunk.tokens();
    sum.heads = heads_;
    sum.width = sum.sums_stride = width_;
    sum.x = input_.x.row(chunk.begin);
    sum.x_stride = input_.x.stride;
    sum.sums = sums;
    stages_.weighted_sum(sum);
  }

 private:
  const Stages& stages_;
  const TokenSums& input_;
  std::int64_t heads_, stride_, width_;
  std::vector<float> panels_, scores_, shrink_;
};

// Each chunk's exponentials relative to its largest score, their total and their sum of tokens.
struct ChunkSums {
  std::int64_t stride;
  std::vector<float> largest, total;  // [chunks, stride]
  RawVector<float> sums;              // [chunks, heads, width]

  ChunkSums(std::int64_t chunks, std::int64_t heads, std::int64_t width)
      : stride(padded(heads)),
        largest(static_cast<std::size_t>(chunks * stride), std::numeric_limits<float>::lowest()),
        total(largest.size(), 0.0F),
        sums(static_cast<std::size_t>(chunks * heads * width)) {}
};

void sum_chunk(const TokenSums& input, const DocumentChunk& chunk, std::int64_t number, Room& room,
               ChunkSums& all, MatrixView<float> weights) {
  room.score(chunk, input.directions_of(chunk.document));
  SoftmaxStep step;
  step.scores = room.scores();
  step.stride = room.stride();
  step.tokens = chunk.tokens();
  step.heads = input.heads;
  step.largest = all.largest.data() + number * all.stride;
  step.total = all.total.data() + number * all.stride;
  step.shrink = room.shrink();
  room.stages().softmax_step(step);
  const std::int64_t elements = input.heads * input.x.columns;
  float* sums = all.sums.data() + number * elements;
  std::fill_n(sums, elements, 0.0F);
  room.add(chunk, room.scores(), room.stride(), sums);
  for (std::int64_t i = 0; i < chunk.tokens(); ++i) {
    std::copy_n(room.scores(i), input.heads, weights.row(chunk.begin + i));
  }
}

// Brings the chunks of a document to one largest score and a total of 1.
void join_chunks(const TokenSums& input, const DocumentChunks& chunks, std::int64_t document,
                 const ChunkSums& all, MatrixView<float> weights, MatrixView<float> sums) {
  const std::int64_t heads = input.heads, width = input.x.columns;
  const auto begin = chunks.first[static_cast<std::size_t>(document)];
  const auto end = chunks.first[static_cast<std::size_t>(document) + 1];
  std::vector<float> largest(static_cast<std::size_t>(heads), std::numeric_limits<float>::lowest());
  std::vector<float> total(largest.size(), 0.0F), factors(largest.size());
  for (std::int64_t c = begin; c < end; ++c) {
    const float* here = all.largest.data() + c * all.stride;
    for (std::int64_t h = 0; h < heads; ++h) largest[h] = std::max(largest[h], here[h]);
  }
  for (std::int64_t c = begin; c < end; ++c) {
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t at = c * all.stride + h;
      total[h] += exponential(all.largest[at] - largest[h]) * all.total[at];
    }
  }
  for (std::int64_t h = 0; h < heads; ++h) {
    std::fill_n(sums.row(document * heads + h), width, 0.0F);
  }
  for (std::int64_t c = begin; c < end; ++c) {
    for (std::int64_t h = 0; h < heads; ++h) {
      factors[h] = exponential(all.largest[c * all.stride + h] - largest[h]) / total[h];
      const float* from = all.sums.data() + (c * heads + h) * width;
      float* to = sums.row(document * heads + h);
      for (std::int64_t j = 0; j < width; ++j) to[j] += factors[h] * from[j];
    }
    for (std::int64_t i = chunks[c].begin; i < chunks[c].end; ++i) {
      float* weight = weights.row(i);
      for (std::int64_t h = 0; h < heads; ++h) weight[h] *= factors[h];
    }
  }
}

// The backward pass of chunks, on one thread.
class Backward {
 public:
  Backward(const TokenSums& input, const TokenSumsResult& result)
      : input_(input),
        result_(result),
        room_(input),
        heads_(input.heads),
        width_(input.x.columns),
        panels_(static_cast<std::size_t>(2 * heads_ * width_)),
        both_(static_cast<std::size_t>(kChunk * 2 * heads_)),
        means_(static_cast<std::size_t>(heads_)) {}

  // With sums = w' x and w = softmax(s): ds = w (x . d_sums - sums . d_sums), and x gets
  // w' d_sums + ds' directions, as one product.
  void run(const DocumentChunk& chunk, MatrixView<float> x_gradient, float* directions_gradient) {
    const MatrixView<const float> upstream = of_document(result_.sums_gradient, chunk);
    const MatrixView<const float> sums = of_document(result_.sums, chunk);
    room_.score(chunk, upstream);
    for (std::int64_t h = 0; h < heads_; ++h) {
      means_[h] = 0;
      for (std::int64_t j = 0; j < width_; ++j) means_[h] += upstream(h, j) * sums(h, j);
    }
    for (std::int64_t i = 0; i < chunk.tokens(); ++i) {
      const float* weight = result_.weights.row(chunk.begin + i);
      const float* along = room_.scores(i);
      float* both = both_.data() + i * 2 * heads_;
      for (std::int64_t h = 0; h < heads_; ++h) {
        both[h] = weight[h];
        both[heads_ + h] = weight[h] * (along[h] - means_[h]);
      }
    }
    pack_inputs(upstream, 2 * heads_, 0, panels_);
    pack_inputs(input_.directions_of(chunk.document), 2 * heads_, heads_, panels_);
    Product product;
    product.x = both_.data();
    product.x_stride = product.inputs = 2 * heads_;
    product.rows = chunk.tokens();
    product.panels = panels_.data();
    product.outputs = width_;
    if (result_.others.data) {
      product.start = result_.others.row(chunk.begin);
      product.start_row = result_.others.stride;
    } else {
      product.start = kPanelOfZeros;
      product.start_panel = 0;
    }
    product.y = x_gradient.row(chunk.begin);
    product.y_row = x_gradient.stride;
    room_.stages().product(product);
    room_.add(chunk, both_.data() + heads_, 2 * heads_, directions_gradient);
  }

 private:
  MatrixView<const float> of_document(MatrixView<const float> rows,
                                      const DocumentChunk& chunk) const {
    return rows.rows_between(chunk.document * heads_, (chunk.document + 1) * heads_);
  }

  const TokenSums& input_;
  const TokenSumsResult& result_;
  Room room_;
  std::int64_t heads_, width_;
  std::vector<float> panels_;  // of the product that gives x's gradient
  std::vector<float> both_;    // [tokens, 2 heads]: weights, and the scores' gradients
  std::vector<float> means_;
};

// Chunks that together are worth a thread's while.
std::int64_t chunks_per_range(const TokenSums& input, const DocumentChunks& chunks) {
  return std::max<std::int64_t>(1,
                                kChunk * chunks.size() / std::max<std::int64_t>(1, input.x.rows));
}

}  // namespace

void token_sums(const TokenSums& input, MatrixView<float> weights, MatrixView<float> sums,
                const ParallelFor& parallel_for) {
  const DocumentChunks chunks(input.offsets, kChunk);
  ChunkSums all(chunks.size(), input.heads, input.x.columns);
  const std::int64_t grain = chunks_per_range(input, chunks);
  parallel_for(chunks.size(), grain, [&](std::int64_t begin, std::int64_t end) {
    Room room(input);
    for (std::int64_t c = begin; c < end; ++c) {
      sum_chunk(input, chunks[c], c, room, all, weights);
    }
  });
  parallel_for(input.documents(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) join_chunks(input, chunks, b, all, weights, sums);
  });
}

void token_sums_backward(const TokenSums& input, const TokenSumsResult& result,
                         MatrixView<float> x_gradient, MatrixView<float> directions_gradient,
                         const ParallelFor& parallel_for) {
  const DocumentChunks chunks(input.offsets, kChunk);
  const std::int64_t elements = input.heads * input.x.columns;
  RawVector<float> found(static_cast<std::size_t>(chunks.size() * elements));
  const std::int64_t grain = chunks_per_range(input, chunks);
  parallel_for(chunks.size(), grain, [&](std::int64_t begin, std::int64_t end) {
    Backward backward(input, result);
    for (std::int64_t c = begin; c < end; ++c) {
      std::fill_n(found.data() + c * elements, elements, 0.0F);
      backward.run(chunks[c], x_gradient, found.data() + c * elements);
    }
  });
  parallel_for(input.documents(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      float* to = directions_gradient.row(b * input.heads);
      std::fill_n(to, elements, 0.0F);
      const auto document = static_cast<std::size_t>(b);
      for (std::int64_t c = chunks.first[document]; c < chunks.first[document + 1]; ++c) {
        const float* from = found.data() + c * elements;
        for (std::int64_t j = 0; j < elements; ++j) to[j] += from[j];
      }
    }
  });
}

}  // namespace fastformer::kernels
