// Sizes of the runs' memory.
#include "runtime/workspace.h"

namespace fastformer::runtime {

using kernels::padded;

void TileMemory::require(const model::EncoderOptions& options) {
  const std::int64_t width = padded(options.width);
  for (Floats* tile : {&input, &attended, &value}) tile->require(kTile * width);
  if (options.local != Local::kNone) {
    local.require(kTile * width);
    if (options.norm == NormPlacement::kPre) around.require((kTile + options.local_width) * width);
  }
  inner.require(kTile * padded(options.feed_forward));
  scores.require(kTile * padded(options.heads));
  shrink.require(padded(options.heads));
}

void DocumentMemory::require(const model::EncoderOptions& options, std::int64_t length) {
  const std::int64_t width = padded(options.width), heads = padded(options.heads);
  const std::int64_t chunks = chunks_of(length);
  tokens.require(length * width);
  if (options.local != Local::kNone) rewritten.require(length * width);
  alpha.require(chunks, options.heads, options.width);
  beta.require(chunks, options.heads, options.width);
  if (options.pooling != Pooling::kMax) pooled.require(chunks, 1, options.width);
  if (options.pooling != Pooling::kAttention) largest.require(chunks * width);
  for (Floats* vector : {&global_query, &global_key, &output_offset}) vector->require(width);
  key_score_offset.require(heads);
  for (Floats* panels : {&directions, &key_scores}) panels->require(options.width * heads);
  for (Floats* square : {&values, &output}) square->require(options.width * width);
  document.require(padded(options.pooled_width()));
}

}  // namespace fastformer::runtime
