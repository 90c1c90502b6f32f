// Words that begin with vectors from a file.
#pragma once

#include <string>

#include "learn/parameters.h"
#include "text/tokenizer.h"

namespace fastformer::apps {

// Throws, before rows are read, when there is no such file.
void check_word_vectors(const std::string& path);

// Sets the rows of the word table whose words the file has. Logs how many that are. Throws an Error
// when the tokens are not words, for vectors of another width, and when the file has none of them.
void start_from_word_vectors(const std::string& path, const text::Tokenizer& tokenizer,
                             learn::Parameters& parameters);

}  // namespace fastformer::apps
