// Makes clean UTF-8 of whatever bytes a corpus file holds, and counts what was done.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fastformer::text {

// What repair_text (and, for the last, a reader of JSON) changed, in bytes or characters.
struct RepairCounts {
  std::int64_t invalid_utf8 = 0;  // bytes that were no UTF-8, read as Windows-1252
  std::int64_t c1 = 0;            // U+0080 to U+009F, read as Windows-1252
  std::int64_t nul = 0;           // made a blank
  std::int64_t control = 0;       // other control characters, made a blank
  std::int64_t crlf = 0;          // CR LF and lone CR, made LF
  std::int64_t bom = 0;           // byte order marks dropped
  std::int64_t surrogates = 0;    // JSON escapes of half a character, made U+FFFD

  RepairCounts& operator+=(const RepairCounts& other);
  std::int64_t total() const;
  // "3 invalid bytes read as Windows-1252, 1 NUL made a blank"; empty when nothing was repaired.
  std::string summary() const;
};

// Valid UTF-8 without control characters but tab and line feed. Bytes that are not UTF-8 and C1
// controls are read as Windows-1252, with U+FFFD for the five bytes that it leaves open; other
// controls become a blank, CR LF and CR a line feed; a byte order mark at the start is dropped.
// Adds what it did to `counts`. Repaired text comes back unchanged.
std::string repair_text(std::string_view bytes, RepairCounts& counts);
// The same, in `room` or, where nothing but a byte order mark was to be repaired, in `bytes`.
std::string_view repair_text(std::string_view bytes, RepairCounts& counts, std::string& room);

}  // namespace fastformer::text
