// Splitting of rows into fields.
#include "data/delimited.h"

#include <algorithm>

namespace fastformer::data {
namespace {

// The position of the quote that closes a field whose content begins at `at`, or npos.
std::size_t closing_quote(std::string_view row, std::size_t at) {
  for (;;) {
    at = row.find('"', at);
    if (at == std::string_view::npos || at + 1 >= row.size() || row[at + 1] != '"') return at;
    at += 2;
  }
}

}  // namespace

std::string split_csv(std::string_view row, char delimiter, std::vector<Field>& fields) {
  fields.clear();
  std::size_t at = 0;
  for (;;) {
    std::size_t end;
    if (at < row.size() && row[at] == '"') {
      const std::size_t close = closing_quote(row, at + 1);
      if (close == std::string_view::npos) return "a quote is opened and never closed";
      fields.push_back({row.substr(at + 1, close - at - 1), true});
      end = close + 1;
      if (end < row.size() && row[end] != delimiter) return "there is text after a closing quote";
    } else {
      end = std::min(row.find(delimiter, at), row.size());
      fields.push_back({row.substr(at, end - at), false});
    }
    if (end >= row.size()) return "";
    at = end + 1;
  }
}

void split_tsv(std::string_view row, char delimiter, std::vector<Field>& fields) {
  fields.clear();
  for (;;) {
    const std::size_t end = std::min(row.find(delimiter), row.size());
    const std::string_view raw = row.substr(0, end);
    if (raw.size() >= 2 && raw[0] == '"' && closing_quote(raw, 1) == raw.size() - 1) {
      fields.push_back({raw.substr(1, raw.size() - 2), true});
    } else {
      fields.push_back({raw, false});
    }
    if (end == row.size()) return;
    row.remove_prefix(end + 1);
  }
}

void append_value(const Field& field, std::string& text) {
  std::string_view raw = field.raw;
  if (!field.is_quoted) {
    text += raw;
    return;
  }
  for (;;) {
    const std::size_t quote = raw.find('"');
    if (quote == std::string_view::npos) break;
    text += raw.substr(0, quote + 1);
    raw.remove_prefix(std::min(quote + 2, raw.size()));
  }
  text += raw;
}

std::string value_of(const Field& field) {
  std::string text;
  append_value(field, text);
  return text;
}

}  // namespace fastformer::data
