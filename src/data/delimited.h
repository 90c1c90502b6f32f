// The fields of one row of a CSV or TSV file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fastformer::data {

// A field as it stands in the row; a quoted one without its outer quotes.
struct Field {
  std::string_view raw;
  bool is_quoted = false;
};

// Splits a row by RFC 4180: a field that begins with a quote ends with its closing quote, and
// quotes inside it are doubled; elsewhere a quote is a character like any other. Returns the reason
// when the row is malformed, else an empty string. `fields` is emptied first.
std::string split_csv(std::string_view row, char delimiter, std::vector<Field>& fields);

// Splits a row at every delimiter. A field counts as quoted when it begins and ends with a quote
// and all quotes between are doubled; any other quote is a character.
void split_tsv(std::string_view row, char delimiter, std::vector<Field>& fields);

// Appends what the field says: doubled quotes of a quoted field become one.
void append_value(const Field& field, std::string& text);
std::string value_of(const Field& field);

}  // namespace fastformer::data
