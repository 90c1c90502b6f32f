// Distrust of a sentencepiece.model: what the library would take on trust is checked first.
#pragma once

#include <string>
#include <string_view>

#include "text/text_options.h"

namespace fastformer::text {

// Walks the protocol buffer (sentencepiece_model.proto) and throws an Error that names `where`
// unless it is a unigram or byte-pair model of the given kind as trained here: the unknown token
// first, then ordinary pieces that are UTF-8 with finite scores, and no compiled normalization
// rules (the library follows their offsets unchecked), user-defined pieces or self-tests.
void check_sentencepiece_model(std::string_view bytes, TokenizerKind kind,
                               const std::string& where);

}  // namespace fastformer::text
