// One document's way through the encoder: two sweeps over its tokens per layer, one without a
// global key.
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

  void find_global_query();
  void find_global_key();
  void sum_global_key();
  void compose_output();
  // Rows, the same in the number format, and in bfloat16 where that is kept.
  struct Input {
    kernels::Rows rows;
    Operand operand;
    const kernels::Pair* pairs = nullptr;
  };
  void take_for_pooling(Tile& tile, const Input& hidden);
  void attend(Tile& tile, const Operand& input);
  void add_local(Tile& tile);
  void convolve(Tile& tile, const ConvolutionPlan& convolution, float* y);
  void feed_forward(Tile& tile, const kernels::Rows& x);

  // The tile's tokens as floats: where they are kept, or in tile.memory.tokens.
  kernels::Rows tokens(Tile& tile);
  // Tokens [begin, begin + rows) of the document, kept in bfloat16, as floats.
  void load(std::int64_t begin, const kernels::Rows& to);
  // Where a sweep's new values go.
  kernels::Rows new_tokens(Tile& tile);
  // Keeps them, where they are not yet.
  void keep(Tile& tile, const kernels::Rows& x);
  kernels::Pair* short_tokens(std::int64_t begin) {
    return memory_.short_tokens.data() + begin * stride_ / 2;
  }
  kernels::Pair* new_short_tokens(std::int64_t begin);
  // The tile's tokens as products read them, where they are kept so; else nullptr.
  const std::uint32_t* kept_operand(const Tile& tile);
  // Where the stage that makes a sweep's new tokens packs them: to be kept for the next layer, or
  // for the tile's next step alone.
  std::uint32_t* new_operand(Tile& tile);
  std::uint32_t* kept_quads(const Tile& tile) {
    return memory_.quads.data() + plan_.multipliers.tokens.room(tile.begin, width_);
  }
  // Whether a sweep's new tokens take the place of the old, which no other tile reads any more.
  bool rewrites_in_place() const { return !has_local() || layer_ < 0; }
  // The tile as a part of the block reads it: normalised into tile.memory.input with pre-norm; else
  // as it is, `packed` being where it lies in the number format. What is in tile.memory.operand
  // holds until the tile's next operand.
  Input part_input(Tile& tile, const kernels::Rows& x, const Norm& norm,
                   const std::uint32_t* packed);
  // The tile's tokens likewise, as the layer reads them.
  Input layer_input(Tile& tile, const kernels::Rows& x);
  // y = normalised x + change, as the switches say; also for part_input, packed.
  void part_output(Tile& tile, const kernels::Rows& x, const Norm& norm, const kernels::Rows& y,
                   std::uint32_t* packed);
  Operand operand(Tile& tile, const kernels::Rows& x);
  void classify(std::span<float> logits);
  // How the layer's output follows from a token, with product interaction.
  enum class OutputForm {
    kProducts,  // C1 (K o Wv x) + C2 x + m: three products
    kQueryMap,  // two: the query, and a matrix of the document's own that is made by elements
    kComposed,  // one: M, which is made by a product
  };
  OutputForm output_form() const;
  void make_query_map();
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
