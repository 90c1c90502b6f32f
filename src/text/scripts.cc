// Counts letters by script.
#include "text/scripts.h"

#include <algorithm>
#include <iterator>

#include "text/utf8.h"
#include "text/words.h"

namespace fastformer::text {
namespace {

struct Block {
  std::int32_t first;
  std::int32_t last;
};

constexpr Block kBlocks[] = {
    {0x0e00, 0x0eff},    // Thai, Lao
    {0x0f00, 0x0fff},    // Tibetan
    {0x1000, 0x109f},    // Myanmar
    {0x1780, 0x17ff},    // Khmer
    {0x3005, 0x3007},    // Han: repetition, closing and zero marks
    {0x3040, 0x30ff},    // Hiragana, Katakana
    {0x31f0, 0x31ff},    // Katakana, phonetic
    {0x3400, 0x4dbf},    // Han, extension A
    {0x4e00, 0x9fff},    // Han
    {0xa9e0, 0xa9ff},    // Myanmar, extended B
    {0xaa60, 0xaa7f},    // Myanmar, extended A
    {0xf900, 0xfaff},    // Han, compatible
    {0xff66, 0xff9f},    // Katakana, half width
    {0x1b000, 0x1b16f},  // Kana, supplements
    {0x20000, 0x3ffff},  // Han, extensions from B on
};

constexpr std::size_t kSampledDocuments = 20000;
constexpr std::size_t kSampledBytes = 1000;  // of each document
constexpr double kLackingShare = 0.3;

}  // namespace

bool is_written_without_spaces(std::int32_t code_point) {
  return std::any_of(std::begin(kBlocks), std::end(kBlocks), [code_point](const Block& block) {
    return code_point >= block.first && code_point <= block.last;
  });
}

LetterCounts& LetterCounts::operator+=(const LetterCounts& other) {
  letters += other.letters;
  without_spaces += other.without_spaces;
  return *this;
}

double LetterCounts::share() const {
  return letters == 0 ? 0.0 : static_cast<double>(without_spaces) / static_cast<double>(letters);
}

void count_letters(std::string_view document, LetterCounts& counts) {
  const std::string_view text = document.substr(0, kSampledBytes);
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const CodePoint point = decode_utf8(at, end);
    at += point.length;
    if (point.value == kInvalid || (point.value >= '0' && point.value <= '9')) continue;
    if (class_of(point.value) != CharacterClass::kWord) continue;
    ++counts.letters;
    if (point.value >= 0x80 && is_written_without_spaces(point.value)) ++counts.without_spaces;
  }
}

bool lack_spaces(const LetterCounts& counts) { return counts.share() > kLackingShare; }

double share_without_spaces(std::span<const std::string_view> documents) {
  LetterCounts counts;
  const std::size_t step = documents.size() / kSampledDocuments + 1;
  for (std::size_t i = 0; i < documents.size(); i += step) count_letters(documents[i], counts);
  return counts.share();
}

bool lack_spaces(std::span<const std::string_view> documents) {
  return share_without_spaces(documents) > kLackingShare;
}

}  // namespace fastformer::text
