// HTML, tokens, truncation, in that order.
#include "text/pipeline.h"

#include <fastformer/error.h>

#include <utility>

#include "base/strings.h"
#include "text/html.h"

namespace fastformer::text {

void truncate(std::vector<std::int32_t>& ids, std::int64_t max_length, Truncate how,
              const std::string& where) {
  const auto length = static_cast<std::int64_t>(ids.size());
  const std::int64_t excess = length - max_length;
  if (excess <= 0) return;
  std::int64_t head = max_length;
  switch (how) {
    case Truncate::kRight:
      break;
    case Truncate::kLeft:
      head = 0;
      break;
    case Truncate::kHeadTail:
      head = max_length - max_length / 2;
      break;
    case Truncate::kError:
      throw Error(
          "the document has " + format_count(length) + " tokens, more than the " +
              format_count(max_length) + " that the model takes",
          where,
          "Shorten it, or train with a larger --max-length or with --truncate right, left or "
          "head-tail");
  }
  ids.erase(ids.begin() + head, ids.begin() + head + excess);
}

std::vector<std::vector<std::int32_t>> equal_parts(std::vector<std::int32_t> ids,
                                                   std::int64_t longest) {
  const auto length = static_cast<std::int64_t>(ids.size());
  const std::int64_t count = length / longest + (length % longest > 0);
  std::vector<std::vector<std::int32_t>> parts;
  if (count == 1) {
    parts.push_back(std::move(ids));
    return parts;
  }
  for (std::int64_t n = 0; n < count; ++n) {
    parts.emplace_back(ids.begin() + length * n / count, ids.begin() + length * (n + 1) / count);
  }
  return parts;
}

Pipeline::Pipeline(const TextOptions& options, std::shared_ptr<const Tokenizer> tokenizer)
    : options_(options), tokenizer_(std::move(tokenizer)) {}

Document Pipeline::whole(std::string_view text) const {
  PipelineMemory memory;
  Document document;
  read(text, memory, document);
  return document;
}

void Pipeline::read(std::string_view text, PipelineMemory& memory, Document& document) const {
  if (options_.strip_html) {
    strip_html(text, memory.stripped);
    text = memory.stripped;
  }
  document.ids.clear();
  tokenizer_->encode(text, memory.folded, document.ids);
  document.length = static_cast<std::int64_t>(document.ids.size());
}

void Pipeline::encode(std::string_view text, const std::string& where, PipelineMemory& memory,
                      Document& document) const {
  read(text, memory, document);
  truncate(document.ids, options_.max_length, options_.truncate, where);
}

Document Pipeline::encode(std::string_view text, const std::string& where) const {
  Document document = whole(text);
  truncate(document.ids, options_.max_length, options_.truncate, where);
  if (document.truncated()) document.ids.shrink_to_fit();
  return document;
}

std::vector<Document> Pipeline::encode_all(std::span<const std::string_view> texts,
                                           const ParallelFor& parallel_for, const PlaceOf& place_of,
                                           std::exception_ptr* refused) const {
  const bool refuses = options_.truncate == Truncate::kError;
  std::vector<Document> documents(texts.size());
  parallel_for(static_cast<std::int64_t>(texts.size()), 16,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   const auto index = static_cast<std::size_t>(i);
                   documents[index] = refuses ? whole(texts[index]) : encode(texts[index]);
                 }
               });
  if (refused) *refused = nullptr;
  // In order, so that threads do not decide which document is named.
  for (std::size_t i = 0; refuses && i < documents.size(); ++i) {
    if (documents[i].length <= options_.max_length) continue;
    try {
      truncate(
          documents[i].ids, options_.max_length, options_.truncate,
          place_of ? place_of(i) : "document " + format_count(static_cast<std::int64_t>(i) + 1));
    } catch (const Error&) {
      if (!refused) throw;
      *refused = std::current_exception();
      documents.resize(i);
    }
  }
  return documents;
}

}  // namespace fastformer::text
