// Brings text into one spelling: a Unicode normal form, in lower case.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fastformer::text {

enum class NormalForm {
  kComposed,    // NFC: one code point for a letter and its accent
  kCompatible,  // NFKC: full-width and half-width letters, ligatures and the like too
};

// Memory that folding takes, to be reused from text to text.
struct FoldMemory {
  std::string text;
  std::vector<std::int32_t> points;  // of the stretches that are brought into the normal form
};

// `text` in the normal form, with every code point in lower case (Unicode's simple mapping) if
// asked. A byte that is not UTF-8 becomes a blank, so the result is valid UTF-8. The result lies in
// memory.text, or is `text` itself where nothing changes. Linear time, whatever the text holds.
std::string_view fold(std::string_view text, NormalForm form, bool lowercase, FoldMemory& memory);
// The same with the result in `scratch`.
std::string_view fold(std::string_view text, NormalForm form, bool lowercase, std::string& scratch);

}  // namespace fastformer::text
