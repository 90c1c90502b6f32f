// Words as tokens, by the word rule or between white space, and a vocabulary.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "text/tokenizer.h"

namespace fastformer::text {

std::unique_ptr<Tokenizer> load_word_tokenizer(const TextOptions& options, std::string_view bytes,
                                               const std::string& where);

std::unique_ptr<Tokenizer> train_word_tokenizer(const TextOptions& options,
                                                std::span<const std::string_view> documents,
                                                const ParallelFor& parallel_for);

}  // namespace fastformer::text
