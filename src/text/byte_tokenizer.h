// The bytes of a text as tokens.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "text/tokenizer.h"

namespace fastformer::text {

inline constexpr int kByteTokens = 257;  // the unknown token, which no text has, and the bytes

// Byte b is the token b + 1. With options.lowercase the text is folded first, as words are; without
// it the bytes are those of the text.
std::unique_ptr<Tokenizer> byte_tokenizer(const TextOptions& options);

// Throws an Error unless `bytes` are what byte_tokenizer's serialize() gives: "<unk>" and then
// "<0x00>" to "<0xff>", a line each.
std::unique_ptr<Tokenizer> load_byte_tokenizer(const TextOptions& options, std::string_view bytes,
                                               const std::string& where);

}  // namespace fastformer::text
