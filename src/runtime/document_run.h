// One document's way through the encoder: two sweeps over its tokens per layer.
#pragma once

#include <span>

#include "base/parallel.h"
#include "runtime/encoder_plan.h"
#include "runtime/workspace.h"

namespace fastformer::runtime {

class DocumentRun {
 public:
  // All must outlive the run. `parallel_for` spreads the document's chunks; the result is the same
  // for every way it does that.
  DocumentRun(const EncoderPlan& plan, std::span<const std::int32_t> ids, DocumentMemory& memory,
              Pool<TileMemory>& tiles, const ParallelFor& parallel_for);

  // Logits [labels] of the encoder.
  void run(std::span<float> logits);

 private:
  // Tokens [begin, begin + rows) of the document, of one chunk.
  struct Tile {
    std::int64_t chunk, begin, rows;
    TileMemory& memory;
  };
  using Step = void (DocumentRun::*)(Tile&);

  // Calls `step` for every tile of the document, chunks in parallel.
  void sweep(Step step);
  void sweep_chunk(Step step, std::int64_t chunk, TileMemory& memory);
  void begin_sums(Step step, std::int64_t chunk);

  void embed(Tile& tile);
  void sum_under_beta(Tile& tile);
  void rewrite(Tile& tile);
  void take_for_next(Tile& tile, const kernels::Rows& x);
  void take_for_pooling(Tile& tile, const kernels::Rows& hidden);

  void find_global_query();
  void find_global_key();
  void compose_output();
  void attend(Tile& tile, const kernels::Rows& input);
  void add_local(Tile& tile);
  void convolve(Tile& tile, const ConvolutionPlan& convolution, float* y);
  void feed_forward(Tile& tile, const kernels::Rows& x);

  kernels::Rows tokens(const Tile& tile);
  // The same in the place that a layer's second sweep writes to.
  kernels::Rows new_tokens(const Tile& tile);
  // The tile as a part of the block reads it: normalised into tile.memory.input with pre-norm.
  kernels::Rows part_input(Tile& tile, const kernels::Rows& x, const Norm& norm);
  // x = normalised x + change, as the switches say.
  void part_output(const kernels::Rows& x, const kernels::Rows& change, const Norm& norm,
                   const kernels::Rows& y);
  // `x` in the number format, until the next call for the tile.
  Operand operand(Tile& tile, const kernels::Rows& x);
  void classify(std::span<float> logits);
  bool composes() const;
  bool has_local() const { return plan_.options.local != Local::kNone; }
  bool is_last() const { return layer_ + 1 == plan_.options.layers; }
  const AttentionPlan& attention() const { return plan_.block(layer_).attention; }

  const EncoderPlan& plan_;
  const kernels::Stages& stages_;
  std::span<const std::int32_t> ids_;
  DocumentMemory& memory_;
  Pool<TileMemory>& tiles_;
  const ParallelFor& parallel_for_;
  std::int64_t width_, stride_, length_;
  int layer_ = -1;  // -1: the embedding
};

}  // namespace fastformer::runtime
