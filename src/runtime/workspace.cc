// Sizes of the runs' memory.
#include "runtime/workspace.h"

#include <algorithm>

namespace fastformer::runtime {

using kernels::padded;

void TileMemory::require(const EncoderPlan& plan) {
  const model::EncoderOptions& options = plan.options;
  const std::int64_t width = padded(options.width);
  for (Floats* tile : {&input, &attended, &value}) tile->require(kTile * width);
  if (plan.keeps_short_tokens()) tokens.require(kTile * width);
  if (options.local != Local::kNone) {
    local.require(kTile * width);
    around.require((kTile + options.local_width) * width);
  }
  inner.require(kTile * padded(options.feed_forward));
  operand.require(
      plan.multipliers.tokens.room(kTile, std::max(options.width, options.feed_forward)));
  scores.require(kTile * padded(options.heads));
  shrink.require(padded(options.heads));
}

void DocumentMemory::require(const EncoderPlan& plan, std::int64_t length) {
  const model::EncoderOptions& options = plan.options;
  const std::int64_t width = padded(options.width);
  const std::int64_t chunks = chunks_of(length);
  const bool is_kept_twice = options.local != Local::kNone;
  if (plan.keeps_short_tokens()) {
    short_tokens.require(length * width / 2);
    if (is_kept_twice) short_rewritten.require(length * width / 2);
    if (plan.keeps_quads()) quads.require(plan.multipliers.tokens.room(length, options.width));
  } else {
    tokens.require(length * width);
    if (is_kept_twice) rewritten.require(length * width);
  }
  const bool is_short = plan.keeps_short_tokens();
  alpha.require(chunks, options.heads, options.width, is_short);
  beta.require(chunks, options.heads, options.width, is_short);
  if (options.pooling != Pooling::kMax) pooled.require(chunks, 1, options.width, is_short);
  if (options.pooling != Pooling::kAttention) largest.require(chunks * width);
  for (Floats* vector : {&global_query, &global_key, &output_offset}) vector->require(width);
  key_score_offset.require(padded(options.heads));
  const Multipliers& multipliers = plan.multipliers;
  directions.require(options.heads, options.width, multipliers.maps.precision());
  key_scores.require(options.heads, options.width, multipliers.tokens.precision());
  output.require(options.width, options.width, multipliers.tokens.precision());
  values.require(options.width * width);
  value_rows.require(multipliers.maps.room(options.width, options.width));
  document.require(padded(options.pooled_width()));
}

}  // namespace fastformer::runtime
