// Token ids of a corpus's training and validation documents, and their tokenizer, as a cache keeps
// them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/parallel.h"
#include "data/documents.h"
#include "data/row_store.h"
#include "io/cache_folder.h"
#include "text/pipeline.h"
#include "text/tokenizer.h"

namespace fastformer::apps {

struct TokenStore {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  data::Documents train, valid;
  std::int64_t truncated_train = 0, truncated_valid = 0;  // documents
};

// Takes the ids of documents, in order.
using TakeIds = std::function<void(std::span<const std::int32_t>)>;

// What a store is made of when the cache does not have it.
struct TokenSource {
  // Equal for equal documents, cut alike; the options and the tokenizer are looked at beside it.
  std::uint64_t fingerprint = 0;
  std::size_t text_bytes = 0;  // so few that reading them anew costs nothing are not kept
  std::function<std::shared_ptr<const text::Tokenizer>()> tokenizer;  // with settled options
  // Give each document's ids; return how many were truncated.
  std::function<std::int64_t(const text::Pipeline&, const TakeIds&)> train, valid;
};

// Gives each text's document to `take`, in order. Some thousand are encoded at a time, so that few
// are held twice, and the memory of the store that the texts lie in is let go of in between.
void encode_in_blocks(const text::Pipeline& pipeline, std::span<const std::string_view> texts,
                      const data::RowStore& store, const text::PlaceOf& place_of,
                      const ParallelFor& threads, const std::function<void(text::Document&)>& take);

// `given`: the tokenizer, where it is not to be learnt. Settles what `options` leaves open.
TokenStore stored_tokens(const TokenSource& source, text::TextOptions& options,
                         const text::Tokenizer* given, const io::CacheFolder& cache);

}  // namespace fastformer::apps
