// The sweeps over a document's tokens.
#include "runtime/document_run.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/additive_pooling.h"

namespace fastformer::runtime {

using kernels::padded;
using kernels::Rows;

DocumentRun::DocumentRun(const EncoderPlan& plan, std::span<const std::int32_t> ids,
                         DocumentMemory& memory, Pool<TileMemory>& tiles,
                         const ParallelFor& parallel_for)
    : plan_(plan),
      stages_(plan.stages),
      ids_(ids),
      memory_(memory),
      tiles_(tiles),
      parallel_for_(parallel_for),
      width_(plan.options.width),
      stride_(padded(width_)),
      length_(static_cast<std::int64_t>(ids.size())) {}

void DocumentRun::run(std::span<float> logits) {
  memory_.require(plan_, length_);
  if (length_ > 0) {
    sweep(&DocumentRun::embed);
    for (layer_ = 0; layer_ < plan_.options.layers; ++layer_) {
      find_global_query();
      if (attention().options.global_key) sweep(&DocumentRun::sum_under_beta);
      find_global_key();
      sweep(&DocumentRun::rewrite);
      if (!has_local()) continue;
      std::swap(memory_.tokens, memory_.rewritten);
      std::swap(memory_.short_tokens, memory_.short_rewritten);
    }
  }
  classify(logits);
}

void DocumentRun::sweep(Step step) {
  const auto body = [this, &step](std::int64_t begin, std::int64_t end) {
    typename Pool<TileMemory>::Loan memory = tiles_.lend();
    memory->require(plan_);
    for (std::int64_t chunk = begin; chunk < end; ++chunk) sweep_chunk(step, chunk, *memory);
  };
  parallel_for_(chunks_of(length_), 1, body);
}

void DocumentRun::sweep_chunk(Step step, std::int64_t chunk, TileMemory& memory) {
  begin_sums(step, chunk);
  const std::int64_t end = std::min(length_, (chunk + 1) * kChunk);
  for (std::int64_t begin = chunk * kChunk; begin < end; begin += kTile) {
    Tile tile{chunk, begin, std::min(kTile, end - begin), memory};
    (this->*step)(tile);
  }
}

// Empties what the step's tiles are added to.
void DocumentRun::begin_sums(Step step, std::int64_t chunk) {
  if (step == &DocumentRun::sum_under_beta) {
    memory_.beta.begin(chunk);
  } else if (!is_last()) {
    memory_.alpha.begin(chunk);
  } else {
    if (plan_.options.pooling != Pooling::kMax) memory_.pooled.begin(chunk);
    if (plan_.options.pooling == Pooling::kAttention) return;
    std::fill_n(memory_.largest.data() + chunk * stride_, width_,
                std::numeric_limits<float>::lowest());
  }
}

void DocumentRun::embed(Tile& tile) {
  const Rows x = new_tokens(tile);
  const kernels::PackedRows packed = plan_.multipliers.tokens.packed(width_, new_operand(tile));
  plan_.embedding.embed(stages_, ids_, tile.begin, x, packed);
  keep(tile, x);
  take_for_next(tile, x);  // which may read what is kept
}

// Sweep 1 of a layer.
void DocumentRun::sum_under_beta(Tile& tile) {
  const bool needs_floats = !(stages_.sums_pairs && plan_.keeps_operands());
  const Rows x = needs_floats ? tokens(tile) : Rows{nullptr, stride_, tile.rows, width_};
  Input input = layer_input(tile, x);
  if (plan_.keeps_operands()) input.pairs = short_tokens(tile.begin);
  const Rows scores{tile.memory.scores.data(), padded(plan_.options.heads), tile.rows,
                    plan_.options.heads};
  const bool made = attention().options.interaction == Interaction::kProduct;
  plan_.multipliers.tokens.multiply(input.operand,
                                    made ? memory_.key_scores : attention().key_scores,
                                    memory_.key_score_offset, scores);
  memory_.beta.add(stages_, tile.chunk, input.rows, input.pairs, scores, tile.memory.shrink.data());
}

// Sweep 2: the tokens' new values, which are at once taken into what comes next.
void DocumentRun::rewrite(Tile& tile) {
  const BlockPlan& block = plan_.block(layer_);
  const Rows x = tokens(tile), y = new_tokens(tile);
  attend(tile, layer_input(tile, x).operand);
  if (has_local()) add_local(tile);
  const bool is_fed = plan_.options.feed_forward > 0;
  part_output(tile, x, block.attention_norm, y,
              is_fed ? tile.memory.operand.data() : new_operand(tile));
  if (is_fed) feed_forward(tile, y);
  if (!is_last()) keep(tile, y);
  take_for_next(tile, y);
}

// M x + m into the tile's `attended`.
void DocumentRun::attend(Tile& tile, const Operand& x) {
  const AttentionPlan& plan = attention();
  const Rows attended{tile.memory.attended.data(), stride_, tile.rows, width_};
  if (plan.options.interaction != Interaction::kProduct) {
    plan_.multipliers.tokens.multiply(x, plan.output, memory_.output_offset, attended);
    return;
  }
  const OutputForm form = output_form();
  if (form == OutputForm::kComposed) {
    plan_.multipliers.tokens.multiply(x, memory_.output, memory_.output_offset, attended);
    return;
  }
  const Rows value{tile.memory.value.data(), stride_, tile.rows, width_};
  if (form == OutputForm::kQueryMap) {
    plan_.multipliers.tokens.multiply(x, plan.value, plan.query.bias, value);
    plan_.multipliers.tokens.multiply(operand(tile, value), memory_.output, plan.query_output_bias,
                                      attended);
    return;
  }
  plan_.multipliers.tokens.multiply(x, plan.value, plan_.zeros, value);
  plan_.multipliers.tokens.multiply(x, plan.output_query, memory_.output_offset, attended);
  stages_.scale(
      {value.x, stride_, tile.rows, width_, memory_.global_key.data(), false, value.x, stride_});
  Destination sum;
  sum.start = sum.y = attended.x;
  sum.start_row = sum.y_row = stride_;
  plan_.multipliers.tokens.multiply(operand(tile, value), plan.output_transform, sum);
}

void DocumentRun::feed_forward(Tile& tile, const Rows& x) {
  const BlockPlan& block = plan_.block(layer_);
  const std::int64_t units = plan_.options.feed_forward;
  const Rows inner{tile.memory.inner.data(), padded(units), tile.rows, units};
  const Rows change{tile.memory.attended.data(), stride_, tile.rows, width_};
  const Multiplier& multiplier = plan_.multipliers.tokens;
  const Operand input =
      part_input(tile, x, block.feed_forward_norm, tile.memory.operand.data()).operand;
  multiplier.multiply(input, block.inner.weight, block.inner.bias, inner);
  multiplier.multiply(multiplier.gelu(inner, tile.memory.operand.data()), block.outer.weight,
                      block.outer.bias, change);
  part_output(tile, x, block.feed_forward_norm, x, new_operand(tile));
}

void DocumentRun::take_for_next(Tile& tile, const Rows& x) {
  if (is_last()) {
    take_for_pooling(tile, part_input(tile, x, plan_.final_norm, new_operand(tile)));
    return;
  }
  const BlockPlan& block = plan_.block(layer_ + 1);
  Input input = part_input(tile, x, block.attention_norm, new_operand(tile));
  if (plan_.keeps_operands()) input.pairs = new_short_tokens(tile.begin);
  const Rows scores{tile.memory.scores.data(), padded(plan_.options.heads), tile.rows,
                    plan_.options.heads};
  plan_.multipliers.tokens.multiply(input.operand, block.attention.query_scores,
                                    block.attention.query_score_bias, scores);
  memory_.alpha.add(stages_, tile.chunk, input.rows, input.pairs, scores,
                    tile.memory.shrink.data());
}

void DocumentRun::take_for_pooling(Tile& tile, const Input& hidden) {
  if (plan_.options.pooling != Pooling::kMax) {
    const Rows inner{tile.memory.attended.data(), stride_, tile.rows, width_};
    const Rows scores{tile.memory.scores.data(), padded(plan_.options.heads), tile.rows, 1};
    const Multiplier& multiplier = plan_.multipliers.tokens;
    multiplier.multiply(hidden.operand, plan_.pooling_hidden.weight, plan_.pooling_hidden.bias,
                        inner);
    multiplier.multiply(multiplier.tanh(inner, tile.memory.operand.data()),
                        plan_.pooling_score.weight, plan_.pooling_score.bias, scores);
    memory_.pooled.add(stages_, tile.chunk, hidden.rows, nullptr, scores,
                       tile.memory.shrink.data());
  }
  if (plan_.options.pooling != Pooling::kAttention) {
    stages_.largest(hidden.rows, memory_.largest.data() + tile.chunk * stride_);
  }
}

Rows DocumentRun::tokens(Tile& tile) {
  if (!plan_.keeps_short_tokens()) {
    return {memory_.tokens.data() + tile.begin * stride_, stride_, tile.rows, width_};
  }
  const Rows x{tile.memory.tokens.data(), stride_, tile.rows, width_};
  load(tile.begin, x);
  return x;
}

void DocumentRun::load(std::int64_t begin, const Rows& to) {
  stages_.pair_numbers({short_tokens(begin), stride_ / 2, to.rows, width_, to.x, to.stride});
}

Rows DocumentRun::new_tokens(Tile& tile) {
  if (plan_.keeps_short_tokens()) return {tile.memory.tokens.data(), stride_, tile.rows, width_};
  Floats& place = rewrites_in_place() ? memory_.tokens : memory_.rewritten;
  return {place.data() + tile.begin * stride_, stride_, tile.rows, width_};
}

kernels::Pair* DocumentRun::new_short_tokens(std::int64_t begin) {
  AlignedArray<kernels::Pair>& place =
      rewrites_in_place() ? memory_.short_tokens : memory_.short_rewritten;
  return place.data() + begin * stride_ / 2;
}

void DocumentRun::keep(Tile& tile, const Rows& x) {
  const bool are_kept = !plan_.keeps_short_tokens() || plan_.packing_keeps_tokens();
  if (are_kept) return;
  stages_.pair_rows({x.x, x.stride, x.rows, width_, new_short_tokens(tile.begin), stride_ / 2});
}

const std::uint32_t* DocumentRun::kept_operand(const Tile& tile) {
  if (!plan_.keeps_operands()) return nullptr;
  if (plan_.packing_keeps_tokens()) return short_tokens(tile.begin);
  return kept_quads(tile);
}

std::uint32_t* DocumentRun::new_operand(Tile& tile) {
  if (!plan_.keeps_operands() || is_last()) return tile.memory.operand.data();
  if (plan_.packing_keeps_tokens()) return new_short_tokens(tile.begin);
  return kept_quads(tile);
}

DocumentRun::Input DocumentRun::layer_input(Tile& tile, const Rows& x) {
  return part_input(tile, x, plan_.block(layer_).attention_norm, kept_operand(tile));
}

DocumentRun::Input DocumentRun::part_input(Tile& tile, const Rows& x, const Norm& norm,
                                           const std::uint32_t* packed) {
  const Multiplier& multiplier = plan_.multipliers.tokens;
  if (plan_.options.norm != NormPlacement::kPre) {
    return {x, multiplier.packed_operand(x, packed)};
  }
  std::uint32_t* room = tile.memory.operand.data();
  const Rows y{tile.memory.input.data(), stride_, tile.rows, width_};
  stages_.add_norm({x.x, nullptr, x.stride, 0, x.rows, width_, norm.scale.data(), norm.shift.data(),
                    static_cast<float>(plan_.options.norm_epsilon), y.x, y.stride,
                    multiplier.packed(width_, room)});
  return {y, multiplier.packed_operand(y, room)};
}

void DocumentRun::part_output(Tile& tile, const Rows& x, const Norm& norm, const Rows& y,
                              std::uint32_t* packed) {
  const bool normalizes = plan_.options.norm == NormPlacement::kPost;
  // With pre-norm the next part normalises first.
  const bool is_read = plan_.options.norm != NormPlacement::kPre;
  kernels::AddNorm add;
  add.x = tile.memory.attended.data();
  add.x_stride = stride_;
  add.add = plan_.options.residual ? x.x : nullptr;
  add.add_stride = x.stride;
  add.rows = x.rows;
  add.width = width_;
  add.scale = normalizes ? norm.scale.data() : nullptr;
  add.shift = normalizes ? norm.shift.data() : nullptr;
  add.epsilon = static_cast<float>(plan_.options.norm_epsilon);
  add.y = y.x;
  add.y_stride = y.stride;
  if (is_read) add.packed = plan_.multipliers.tokens.packed(width_, packed);
  stages_.add_norm(add);
}

Operand DocumentRun::operand(Tile& tile, const Rows& x) {
  return plan_.multipliers.tokens.operand(x, tile.memory.operand.data());
}

void DocumentRun::classify(std::span<float> logits) {
  const std::int64_t chunks = chunks_of(length_);
  float* document = memory_.document.data();
  std::fill_n(document, plan_.options.pooled_width(), 0.0F);
  if (length_ > 0 && plan_.options.pooling != Pooling::kMax) {
    std::copy_n(memory_.pooled.means(chunks, kernels::kPoolingEpsilon), width_, document);
    document += width_;
  }
  if (length_ > 0 && plan_.options.pooling != Pooling::kAttention) {
    const float* largest = memory_.largest.data();
    for (std::int64_t j = 0; j < width_; ++j) {
      document[j] = largest[j];
      for (std::int64_t c = 1; c < chunks; ++c) {
        const float value = largest[c * stride_ + j];
        if (value > document[j] || std::isnan(value)) document[j] = value;
      }
    }
  }
  const Affine& head = plan_.classifier;
  stages_.row_dots({head.weight.elements.data(), head.weight.stride,
                    static_cast<std::int64_t>(logits.size()), plan_.options.pooled_width(),
                    memory_.document.data(), 0, 1, head.bias.data(), logits.data()});
}

// A matter of the document's own length: what is saved grows with it, what a document's own matrix
// costs does not. Beside products of whole numbers that costs much.
DocumentRun::OutputForm DocumentRun::output_form() const {
  const bool is_whole = plan_.multipliers.tokens.precision() == Precision::kInt8;
  const bool has_queries = attention().values_are_queries();
  const std::int64_t beside_floats = has_queries ? width_ : width_ / 2;
  if (length_ >= (is_whole ? 2 * width_ : beside_floats)) return OutputForm::kComposed;
  const std::int64_t map_from = is_whole ? width_ / 4 : width_ / 16;
  return has_queries && length_ >= map_from ? OutputForm::kQueryMap : OutputForm::kProducts;
}

}  // namespace fastformer::runtime
