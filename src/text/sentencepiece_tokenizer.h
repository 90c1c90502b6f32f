// Pieces of words as tokens, by the SentencePiece library.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "text/tokenizer.h"

namespace fastformer::text {

std::unique_ptr<Tokenizer> load_sentencepiece_tokenizer(const TextOptions& options,
                                                        std::string bytes,
                                                        const std::string& where);

// Trains on one thread, because the number of threads would change the result, and on an evenly
// spaced sample where the documents are more than that thread should read.
std::unique_ptr<Tokenizer> train_sentencepiece_tokenizer(
    const TextOptions& options, std::span<const std::string_view> documents);

}  // namespace fastformer::text
