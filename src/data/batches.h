// Ragged batches: documents' tokens end to end, bounded by documents and by tokens.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config/options.h"
#include "data/documents.h"

namespace fastformer::data {

struct BatchOptions {
  int batch_size = 64;       // documents at most
  int batch_tokens = 16384;  // tokens at most, but for a single document that is longer
  bool bucket = true;        // documents of like length together

  void describe(config::OptionSet& options);
};

// Several documents' tokens without padding: document i is ids[offsets[i] .. offsets[i + 1]).
struct RaggedBatch {
  std::vector<std::int32_t> ids;
  std::vector<std::int64_t> offsets;    // documents + 1, from 0
  std::vector<std::int64_t> documents;  // index of each in the corpus
};

// Batches of one epoch as indices into `lengths` (tokens of each document, none negative): every
// document once, in an order that seed and epoch determine. With `bucket`, documents of like length
// stand together: they are shuffled, sorted by length inside pools of about 100 batches (and a
// quarter of the corpus at most, so that neighbours change between epochs), cut into batches, and
// these shuffled.
std::vector<std::vector<std::int64_t>> plan_batches(std::span<const std::int64_t> lengths,
                                                    const BatchOptions& options, std::uint64_t seed,
                                                    int epoch);

// Batches of consecutive documents, for use.
std::vector<std::vector<std::int64_t>> plan_in_order(std::span<const std::int64_t> lengths,
                                                     const BatchOptions& options);

// Puts the documents at `indices` end to end.
RaggedBatch make_batch(const Documents& documents, std::span<const std::int64_t> indices);

}  // namespace fastformer::data
