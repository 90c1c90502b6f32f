// Brings text into one spelling: a Unicode normal form, in lower case.
#pragma once

#include <string>
#include <string_view>

namespace fastformer::text {

enum class NormalForm {
  kComposed,    // NFC: one code point for a letter and its accent
  kCompatible,  // NFKC: full-width and half-width letters, ligatures and the like too
};

// `text` in the normal form, with every code point in lower case (Unicode's simple mapping) if
// asked. A byte that is not UTF-8 becomes a blank, so the result is valid UTF-8. The result lies in
// `scratch`, or is `text` itself where nothing changes. Linear time, whatever the text holds.
std::string_view fold(std::string_view text, NormalForm form, bool lowercase, std::string& scratch);

}  // namespace fastformer::text
