// Classes of characters, by utf8proc's categories.
#include "text/words.h"

#include <utf8proc.h>

#include "text/utf8.h"

namespace fastformer::text {
namespace {

constexpr CharacterClass ascii_class(int byte) {
  if (byte >= 0x80) return CharacterClass::kBeyondAscii;
  if (byte <= ' ' || byte == 0x7f) return CharacterClass::kSpace;
  const bool word = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                    (byte >= 'a' && byte <= 'z') || byte == '_';
  return word ? CharacterClass::kWord : CharacterClass::kPunctuation;
}

constexpr std::array<CharacterClass, 256> byte_classes() {
  std::array<CharacterClass, 256> classes{};
  for (int byte = 0; byte < 256; ++byte) {
    classes[static_cast<std::size_t>(byte)] = ascii_class(byte);
  }
  return classes;
}

}  // namespace

constinit const std::array<CharacterClass, 256> kByteClass = byte_classes();

CharacterClass class_of(std::int32_t code_point) {
  if (code_point == 0x200c || code_point == 0x200d) return CharacterClass::kMark;
  if (code_point >= 0 && code_point < 0x80) return ascii_class(code_point);
  switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return CharacterClass::kWord;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return CharacterClass::kMark;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC:
      return CharacterClass::kSpace;
    default:
      return CharacterClass::kPunctuation;
  }
}

CharacterClass class_at(const char* at, const char* end, int& length) {
  const CodePoint point = decode_utf8(at, end);
  length = point.length;
  return point.value == kInvalid ? CharacterClass::kSpace : class_of(point.value);
}

}  // namespace fastformer::text
