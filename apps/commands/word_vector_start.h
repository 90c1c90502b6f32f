// Words that begin with vectors from a file.
#pragma once

#include <string>

#include "learn/parameters.h"
#include "model/model_config.h"
#include "text/tokenizer.h"

namespace fastformer::apps {

// Throws, before rows are read, when there is no such file.
void check_word_vectors(const std::string& path);

// Sets the rows of the word table whose words the file has, and logs how many those are where
// `tells`. Throws an Error when the tokens are not words, for vectors of another width than
// the encoder's, and when the file has none of them.
void start_from_word_vectors(const std::string& path, const text::Tokenizer& tokenizer,
                             const model::EncoderOptions& encoder, bool tells,
                             learn::Parameters& parameters);

}  // namespace fastformer::apps
