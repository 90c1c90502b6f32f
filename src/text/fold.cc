// Normal forms by way of utf8proc, applied only to the short stretches that may need them.
#include "text/fold.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "text/utf8.h"

namespace fastformer::text {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;
constexpr std::uint16_t kNoSequence = UINT16_MAX;

char lower_ascii(char c) {
  return static_cast<char>(c + (static_cast<unsigned char>(c - 'A') < 26 ? 'a' - 'A' : 0));
}

// Second and third parts of a Hangul syllable, which compose with what stands before.
bool is_joining_jamo(std::int32_t point) {
  return (point >= 0x1161 && point <= 0x1175) || (point >= 0x11a8 && point <= 0x11c2);
}

// Whether a code point that decomposes canonically is put together again by composition.
bool recomposes(std::int32_t point) {
  std::array<utf8proc_int32_t, 8> parts;
  int boundary = 0;
  const auto count = utf8proc_decompose_char(
      point, parts.data(), parts.size(),
      static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE), &boundary);
  if (count < 0 || count > static_cast<utf8proc_ssize_t>(parts.size())) return false;
  const auto length = utf8proc_normalize_utf32(
      parts.data(), count, static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  return length == 1 && parts[0] == point;
}

// Whether `point` stays as it is in the normal form and nothing before it can reach across it:
// a starter that is its own normal form and composes with nothing earlier (UAX 15, section 9).
bool is_stable(std::int32_t point, const utf8proc_property_t& property, NormalForm form) {
  if (property.combining_class != 0) return false;
  const bool composes_as_second =
      property.comb_index != kNoSequence && (property.comb_index & 0x8000) != 0;
  if (composes_as_second || is_joining_jamo(point)) return false;
  if (property.decomp_seqindex == kNoSequence) return true;
  if (form == NormalForm::kCompatible) return false;
  return property.decomp_type != 0 || recomposes(point);
}

std::int32_t lower_case(std::int32_t point, const utf8proc_property_t& property) {
  return property.lowercase_seqindex == kNoSequence ? point : utf8proc_tolower(point);
}

// Orders each run of marks by combining class (Unicode, definition D109).
// Few are sorted without memory.
void order_marks(std::vector<utf8proc_int32_t>& points) {
  constexpr std::size_t kFew = 32;
  const auto combining_class = [](utf8proc_int32_t point) {
    return utf8proc_get_property(point)->combining_class;
  };
  for (std::size_t begin = 0; begin < points.size(); ++begin) {
    if (combining_class(points[begin]) == 0) continue;
    std::size_t end = begin + 1;
    while (end < points.size() && combining_class(points[end]) != 0) ++end;
    const auto first = points.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = points.begin() + static_cast<std::ptrdiff_t>(end);
    const auto comes_before = [&](utf8proc_int32_t a, utf8proc_int32_t b) {
      return combining_class(a) < combining_class(b);
    };
    if (end - begin <= kFew) {
      for (auto at = first; at != last; ++at) {
        std::rotate(std::upper_bound(first, at, *at, comes_before), at, at + 1);
      }
    } else {
      std::stable_sort(first, last, comes_before);
    }
    begin = end - 1;
  }
}

class Folder {
 public:
  Folder(std::string_view text, NormalForm form, bool lowercase, FoldMemory& memory)
      : text_(text),
        form_(form),
        lowercase_(lowercase),
        result_(memory.text),
        points_(memory.points) {}

  void run() {
    result_.clear();
    result_.reserve(text_.size() + text_.size() / 16 + 16);
    while (at_ < text_.size()) {
      take_ascii();
      if (at_ < text_.size()) take_other();
    }
  }

 private:
  void take_ascii() {
    const std::size_t length = ascii_prefix(text_.substr(at_));
    if (length == 0) return;
    const std::size_t start = result_.size();
    result_.append(text_, at_, length);
    if (lowercase_) {
      std::transform(result_.begin() + static_cast<std::ptrdiff_t>(start), result_.end(),
                     result_.begin() + static_cast<std::ptrdiff_t>(start), lower_ascii);
    }
    at_ += length;
    stable_in_text_ = at_ - 1;
    stable_in_result_ = result_.size() - 1;
  }

  void take_other() {
    const CodePoint point = decode(at_);
    if (point.value == kInvalid) {
      result_ += ' ';
      at_ += 1;
      stable_in_text_ = kNowhere;
      return;
    }
    const utf8proc_property_t& property = *utf8proc_get_property(point.value);
    if (!is_stable(point.value, property, form_)) {
      normalize_stretch();
      return;
    }
    stable_in_text_ = at_;
    stable_in_result_ = result_.size();
    append_utf8(result_, lowercase_ ? lower_case(point.value, property) : point.value);
    at_ += static_cast<std::size_t>(point.length);
  }

  // Normalizes from the last stable character to the next one.
  void normalize_stretch() {
    std::size_t from = at_;
    if (stable_in_text_ != kNowhere) {
      from = stable_in_text_;
      result_.resize(stable_in_result_);
    }
    points_.clear();
    bool first = true;
    for (at_ = from; at_ < text_.size(); first = false) {
      const CodePoint point = decode(at_);
      if (point.value == kInvalid) break;
      const bool stable = is_stable(point.value, *utf8proc_get_property(point.value), form_);
      if (stable && !first) break;
      decompose(point.value);
      at_ += static_cast<std::size_t>(point.length);
    }
    order_marks(points_);
    const auto length = utf8proc_normalize_utf32(
        points_.data(), static_cast<utf8proc_ssize_t>(points_.size()),
        static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
    for (utf8proc_ssize_t i = 0; i < length; ++i) {
      const std::int32_t point = points_[static_cast<std::size_t>(i)];
      append_utf8(result_, lowercase_ ? utf8proc_tolower(point) : point);
    }
    stable_in_text_ = kNowhere;
  }

  void decompose(std::int32_t point) {
    std::array<utf8proc_int32_t, 32> parts;
    const int options = form_ == NormalForm::kCompatible
                            ? UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STABLE
                            : UTF8PROC_DECOMPOSE | UTF8PROC_STABLE;
    int boundary = 0;
    const auto count = utf8proc_decompose_char(point, parts.data(), parts.size(),
                                               static_cast<utf8proc_option_t>(options), &boundary);
    if (count < 0 || count > static_cast<utf8proc_ssize_t>(parts.size())) {
      points_.push_back(point);
    } else {
      points_.insert(points_.end(), parts.begin(), parts.begin() + count);
    }
  }

  CodePoint decode(std::size_t at) const {
    return decode_utf8(text_.data() + at, text_.data() + text_.size());
  }

  std::string_view text_;
  NormalForm form_;
  bool lowercase_;
  std::string& result_;
  std::size_t at_ = 0;
  // Where the last stable character begins, as long as nothing unstable followed it.
  std::size_t stable_in_text_ = kNowhere;
  std::size_t stable_in_result_ = 0;
  std::vector<utf8proc_int32_t>& points_;
};

}  // namespace

std::string_view fold(std::string_view text, NormalForm form, bool lowercase, FoldMemory& memory) {
  if (ascii_prefix(text) == text.size()) {
    if (!lowercase) return text;
    memory.text.assign(text);
    std::transform(memory.text.begin(), memory.text.end(), memory.text.begin(), lower_ascii);
  } else {
    Folder(text, form, lowercase, memory).run();
  }
  return memory.text;
}

std::string_view fold(std::string_view text, NormalForm form, bool lowercase,
                      std::string& scratch) {
  FoldMemory memory;
  memory.text.swap(scratch);
  const std::string_view folded = fold(text, form, lowercase, memory);
  const bool is_text = folded.data() == text.data();
  scratch.swap(memory.text);
  return is_text ? folded : std::string_view(scratch);
}

}  // namespace fastformer::text
