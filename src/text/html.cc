// One pass over HTML that recognises tags, comments, raw text and entities.
#include "text/html.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/strings.h"
#include "text/html_entities.h"
#include "text/utf8.h"

namespace fastformer::text {
namespace {

constexpr auto kNone = std::string_view::npos;

// Tags that stand within a word or a line; sorted.
constexpr std::string_view kInline[] = {
    "a",    "abbr",   "acronym", "b",   "bdi", "bdo",  "big",  "cite", "code", "data", "del",
    "dfn",  "em",     "font",    "i",   "ins", "kbd",  "mark", "q",    "s",    "samp", "small",
    "span", "strike", "strong",  "sub", "sup", "time", "tt",   "u",    "var",  "wbr"};

// Tags that part words but not lines; sorted.
constexpr std::string_view kParting[] = {"button", "iframe", "img",    "input", "label",
                                         "object", "option", "select", "td",    "th"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The character that a numeric reference means (HTML standard, "numeric character reference end
// state"), with blanks for control characters.
std::int32_t referenced_character(std::int64_t number) {
  if (number >= 0x80 && number <= 0x9f) return windows_1252(static_cast<unsigned char>(number));
  if (number == 0 || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff)) {
    return kReplacement;
  }
  if (number == '\r') return '\n';
  if (number == '\t' || number == '\n') return static_cast<std::int32_t>(number);
  return is_control(static_cast<std::int32_t>(number)) ? ' ' : static_cast<std::int32_t>(number);
}

class Stripper {
 public:
  Stripper(std::string_view html, std::string& text)
      : html_(html),
        text_(text),
        last_double_quote_(html.rfind('"')),
        last_single_quote_(html.rfind('\'')),
        last_tag_end_(html.rfind('>')),
        last_comment_end_(html.rfind("-->")),
        last_data_end_(html.rfind("]]>")) {}

  void run() {
    text_.clear();
    text_.reserve(html_.size());
    while (at_ < html_.size()) {
      std::size_t next = at_;
      while (next < html_.size() && html_[next] != '<' && html_[next] != '&') ++next;
      text_.append(html_, at_, next - at_);
      at_ = next;
      if (at_ == html_.size()) break;
      const bool taken = html_[at_] == '<' ? take_markup() : take_entity();
      if (!taken) text_ += html_[at_++];
    }
  }

 private:
  char peek(std::size_t offset) const {
    return at_ + offset < html_.size() ? html_[at_ + offset] : '\0';
  }

  // Whether there is one of what was last seen at `last` at or after `from`.
  static bool is_ahead(std::size_t last, std::size_t from) { return last != kNone && last >= from; }

  // Handles '<' at at_; false when it is a plain character.
  bool take_markup() {
    const std::string_view rest = html_.substr(at_);
    if (rest.starts_with("<!--")) {
      if (!is_ahead(last_comment_end_, at_ + 4)) return false;
      at_ = html_.find("-->", at_ + 4) + 3;
      return true;
    }
    if (rest.starts_with("<![CDATA[")) {
      if (!is_ahead(last_data_end_, at_ + 9)) return false;
      const std::size_t end = html_.find("]]>", at_ + 9);
      text_.append(html_, at_ + 9, end - at_ - 9);
      at_ = end + 3;
      return true;
    }
    if ((peek(1) == '!' || peek(1) == '?') && is_letter(peek(2))) {
      if (!is_ahead(last_tag_end_, at_)) return false;
      at_ = html_.find('>', at_) + 1;
      return true;
    }
    return take_tag();
  }

  bool take_tag() {
    const bool closing = peek(1) == '/';
    std::size_t end = at_ + (closing ? 2 : 1);
    if (end >= html_.size() || !is_letter(html_[end])) return false;
    const std::size_t begin = end;
    while (end < html_.size() && (is_letter(html_[end]) || is_digit(html_[end]) ||
                                  html_[end] == '-' || html_[end] == ':')) {
      ++end;
    }
    if (end == html_.size()) return false;
    if (!is_blank(html_[end]) && html_[end] != '/' && html_[end] != '>') return false;
    const std::size_t close = tag_end(end);
    if (close == kNone) return false;
    const std::string name =
        ascii_lower(html_.substr(begin, std::min<std::size_t>(end - begin, 16)));
    at_ = close + 1;
    leave_gap(name);
    if (!closing && (name == "script" || name == "style")) skip_raw_text(name);
    return true;
  }

  // The '>' that ends a tag whose name ends at `from`. Quoted '>' do not count, unless a '<' then
  // follows before the end: such quotes are apostrophes of running text. Linear over all calls: a
  // quote turns "outside" and "inside" into each other, so no two scans that pass the same place
  // are in the same state, and there are three states.
  std::size_t tag_end(std::size_t from) const {
    if (!is_ahead(last_tag_end_, from)) return kNone;
    for (std::size_t i = from; i < html_.size(); ++i) {
      const char c = html_[i];
      if (c == '>') return i;
      if (c == '<') break;
      const std::size_t last = c == '"' ? last_double_quote_ : last_single_quote_;
      if ((c == '"' || c == '\'') && is_ahead(last, i + 1)) i = html_.find(c, i + 1);
    }
    const std::size_t plain = html_.find_first_of("<>", from);
    return plain != kNone && html_[plain] == '>' ? plain : kNone;
  }

  void leave_gap(std::string_view tag) {
    if (std::binary_search(std::begin(kInline), std::end(kInline), tag)) return;
    if (text_.empty() || text_.back() == '\n') return;
    if (!std::binary_search(std::begin(kParting), std::end(kParting), tag)) {
      text_ += '\n';
    } else if (text_.back() != ' ') {
      text_ += ' ';
    }
  }

  // Moves to the closing tag of script or style, or stays when there is none.
  void skip_raw_text(std::string_view name) {
    bool& unclosed = name == "script" ? unclosed_script_ : unclosed_style_;
    if (unclosed) return;
    for (std::size_t i = html_.find("</", at_); i != kNone; i = html_.find("</", i + 2)) {
      if (ascii_lower(html_.substr(i + 2, name.size())) == name) {
        at_ = i;
        return;
      }
    }
    unclosed = true;
  }

  // Handles '&' at at_; false when it is a plain character.
  bool take_entity() {
    if (peek(1) == '#') return take_number();
    std::size_t length = 0;
    while (length <= kLongestEntity &&
           (is_letter(peek(1 + length)) || is_digit(peek(1 + length)))) {
      ++length;
    }
    if (length == 0 || peek(1 + length) != ';') return false;
    const std::int32_t code_point = entity_code_point(html_.substr(at_ + 1, length));
    if (code_point < 0) return false;
    append_utf8(text_, code_point);
    at_ += length + 2;
    return true;
  }

  bool take_number() {
    const bool hexadecimal = peek(2) == 'x' || peek(2) == 'X';
    std::size_t end = at_ + (hexadecimal ? 3 : 2);
    const std::size_t begin = end;
    std::int64_t number = 0;
    for (; end < html_.size(); ++end) {
      const int digit = hexadecimal            ? hex_value(html_[end])
                        : is_digit(html_[end]) ? html_[end] - '0'
                                               : -1;
      if (digit < 0) break;
      // Saturates above the last code point, so that any number of digits is safe.
      number = std::min<std::int64_t>(number * (hexadecimal ? 16 : 10) + digit, 0x110000);
    }
    if (end == begin) return false;
    append_utf8(text_, referenced_character(number));
    at_ = end < html_.size() && html_[end] == ';' ? end + 1 : end;
    return true;
  }

  std::string_view html_;
  std::string& text_;
  std::size_t at_ = 0;
  std::size_t last_double_quote_;
  std::size_t last_single_quote_;
  std::size_t last_tag_end_;
  std::size_t last_comment_end_;
  std::size_t last_data_end_;
  bool unclosed_script_ = false;
  bool unclosed_style_ = false;
};

}  // namespace

void strip_html(std::string_view html, std::string& text) {
  if (html.find_first_of("<&") == kNone) {
    text.assign(html);
  } else {
    Stripper(html, text).run();
  }
}

std::string strip_html(std::string_view html) {
  std::string text;
  strip_html(html, text);
  return text;
}

}  // namespace fastformer::text
