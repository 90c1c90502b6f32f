// Repair of text in one pass: clean runs are copied, the rest is replaced character by character.
#include "text/repair.h"

#include <cstring>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "text/utf8.h"

namespace fastformer::text {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_plain(unsigned char byte) {
  return (byte >= 0x20 && byte < 0x7f) || byte == '\n' || byte == '\t';
}

// Whether all eight bytes lie between 0x20 and 0x7e.
bool all_printable(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  const std::uint64_t below_blank = bytes - 0x20 * kOnes;
  const std::uint64_t from_delete = bytes + kOnes;
  return ((bytes | below_blank | from_delete) & (0x80 * kOnes)) == 0;
}

// Offset of the first character from `at` on that needs repair.
std::size_t clean_until(std::string_view bytes, std::size_t at) {
  const char* const end = bytes.data() + bytes.size();
  while (at < bytes.size()) {
    std::uint64_t eight;
    if (at + 8 <= bytes.size()) {
      std::memcpy(&eight, bytes.data() + at, 8);
      if (all_printable(eight)) {
        at += 8;
        continue;
      }
    }
    const auto byte = static_cast<unsigned char>(bytes[at]);
    if (byte < 0x80) {
      if (!is_plain(byte)) return at;
      ++at;
      continue;
    }
    const CodePoint point = decode_utf8(bytes.data() + at, end);
    if (point.value == kInvalid || is_control(point.value)) return at;
    at += static_cast<std::size_t>(point.length);
  }
  return bytes.size();
}

// Appends what stands for the dirty character at `at` and returns its length in `bytes`.
std::size_t repair_one(std::string_view bytes, std::size_t at, RepairCounts& counts,
                       std::string& result) {
  const CodePoint point = decode_utf8(bytes.data() + at, bytes.data() + bytes.size());
  if (point.value == kInvalid) {
    ++counts.invalid_utf8;
    append_utf8(result, windows_1252(static_cast<unsigned char>(bytes[at])));
  } else if (point.value >= 0x80) {
    ++counts.c1;
    append_utf8(result, windows_1252(static_cast<unsigned char>(point.value)));
  } else if (point.value == '\r') {
    ++counts.crlf;
    result += '\n';
    if (at + 1 < bytes.size() && bytes[at + 1] == '\n') return 2;
  } else {
    ++(point.value == 0 ? counts.nul : counts.control);
    result += ' ';
  }
  return static_cast<std::size_t>(point.length);
}

}  // namespace

RepairCounts& RepairCounts::operator+=(const RepairCounts& other) {
  invalid_utf8 += other.invalid_utf8;
  c1 += other.c1;
  nul += other.nul;
  control += other.control;
  crlf += other.crlf;
  bom += other.bom;
  surrogates += other.surrogates;
  return *this;
}

std::int64_t RepairCounts::total() const {
  return invalid_utf8 + c1 + nul + control + crlf + bom + surrogates;
}

std::string RepairCounts::summary() const {
  struct Line {
    std::int64_t count;
    const char* one;
    const char* many;
    const char* what;
  };
  const Line lines[] = {
      {invalid_utf8, "invalid byte", "invalid bytes", " read as Windows-1252"},
      {c1, "C1 control", "C1 controls", " read as Windows-1252"},
      {nul, "NUL", "NULs", " made blank"},
      {control, "control character", "control characters", " made blank"},
      {crlf, "carriage return", "carriage returns", " made a line feed"},
      {bom, "byte order mark", "byte order marks", " dropped"},
      {surrogates, "half character", "half characters", " replaced"},
  };
  std::vector<std::string> parts;
  for (const Line& line : lines) {
    if (line.count == 0) continue;
    parts.push_back(format_count(line.count) + " " + (line.count == 1 ? line.one : line.many) +
                    line.what);
  }
  return join(parts, ", ");
}

std::string repair_text(std::string_view bytes, RepairCounts& counts) {
  std::string room;
  const std::string_view repaired = repair_text(bytes, counts, room);
  return repaired.data() == room.data() ? std::move(room) : std::string(repaired);
}

std::string_view repair_text(std::string_view bytes, RepairCounts& counts, std::string& room) {
  if (bytes.starts_with(kByteOrderMark)) {
    bytes.remove_prefix(kByteOrderMark.size());
    ++counts.bom;
  }
  std::size_t dirty = clean_until(bytes, 0);
  if (dirty == bytes.size()) return bytes;
  room.clear();
  room.reserve(bytes.size() + bytes.size() / 8);
  std::size_t done = 0;
  while (dirty < bytes.size()) {
    room.append(bytes, done, dirty - done);
    done = dirty + repair_one(bytes, dirty, counts, room);
    dirty = clean_until(bytes, done);
  }
  room.append(bytes, done);
  return room;
}

}  // namespace fastformer::text
