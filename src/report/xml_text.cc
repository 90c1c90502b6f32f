// Escapes for XML.
#include "report/xml_text.h"

#include <cstddef>
#include <cstdint>

namespace fastformer::report {
namespace {

// Length of the valid character of several bytes that begins `text`, or 0. U+FFFE and U+FFFF and
// surrogates are not valid in XML.
std::size_t character_length(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t lead = byte(0);
  const std::size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length == 0 || lead > 0xf4 || text.size() < length) return 0;
  std::uint32_t code = lead & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  if (length == 3 && (code < 0x800 || (code >= 0xd800 && code <= 0xdfff) || code >= 0xfffe)) {
    return 0;
  }
  if (length == 4 && (code < 0x10000 || code > 0x10ffff)) return 0;
  return length;
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string escaped;
  while (!text.empty()) {
    const char c = text[0];
    std::size_t length = 1;
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '"') {
      escaped += "&quot;";
    } else if (c == '\'') {
      escaped += "&#39;";
    } else if ((c >= ' ' && c <= '~') || c == '\t' || c == '\n') {
      escaped += c;
    } else if (length = character_length(text); length > 0) {
      escaped += text.substr(0, length);
    } else {
      escaped += kReplacement;
      length = 1;
    }
    text.remove_prefix(length);
  }
  return escaped;
}

}  // namespace fastformer::report
