// From a document's text to the ids that an encoder reads.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/parallel.h"
#include "text/text_options.h"
#include "text/tokenizer.h"

namespace fastformer::text {

struct Document {
  std::vector<std::int32_t> ids;
  std::int64_t length = 0;  // tokens before truncation

  bool truncated() const { return length > static_cast<std::int64_t>(ids.size()); }
};

// Cuts `ids` to at most `max_length`. head-tail keeps the first half, the longer one where
// max_length is odd, and the last half. Throws an Error for kError when there is something to cut;
// `where` names the document in it.
void truncate(std::vector<std::int32_t>& ids, std::int64_t max_length, Truncate how,
              const std::string& where = "");

// `ids` cut into as few parts of at most `longest` as can be, of about equal length; none for none.
std::vector<std::vector<std::int32_t>> equal_parts(std::vector<std::int32_t> ids,
                                                   std::int64_t longest);

// Memory that a document's way to its ids takes, to be reused from one to the next.
struct PipelineMemory {
  std::string stripped;
  FoldMemory folded;
};

// What errors call the document with this index.
using PlaceOf = std::function<std::string(std::size_t index)>;

// Thread-safe and without state: the same text always gives the same ids.
class Pipeline {
 public:
  Pipeline(const TextOptions& options, std::shared_ptr<const Tokenizer> tokenizer);

  // `where` names the document in an error.
  Document encode(std::string_view text, const std::string& where = "") const;
  // The same into `document`, whose memory is reused too.
  void encode(std::string_view text, const std::string& where, PipelineMemory& memory,
              Document& document) const;
  // In the order of `texts`. The first document that is refused for its length is an Error, which
  // calls it as `place_of` does, else by its number from 1 on. With `refused` that Error is stored
  // there, nullptr without one, and the documents before it are returned.
  std::vector<Document> encode_all(std::span<const std::string_view> texts,
                                   const ParallelFor& parallel_for, const PlaceOf& place_of = {},
                                   std::exception_ptr* refused = nullptr) const;

  const TextOptions& options() const { return options_; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const std::shared_ptr<const Tokenizer>& shared_tokenizer() const { return tokenizer_; }

 private:
  // The document with all its tokens.
  Document whole(std::string_view text) const;
  void read(std::string_view text, PipelineMemory& memory, Document& document) const;

  TextOptions options_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

}  // namespace fastformer::text
