// Small operations on byte strings that the standard library of C++20 lacks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fastformer {

// The pieces between separators; "a,,b" has three, "" has one empty piece.
std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
// Views of strings, which must outlive them.
std::vector<std::string_view> views_of(std::span<const std::string> strings);
// Without ASCII white space at both ends.
std::string_view trim(std::string_view text);
std::string ascii_lower(std::string_view text);

// The whole of `text` as a number, or nothing. Independent of the locale; no leading '+' or blanks.
std::optional<std::int64_t> parse_int(std::string_view text);
std::optional<double> parse_double(std::string_view text);

// Shortest text that reads back as the same number; "1e-05" style exponents, "." as the point.
std::string format_double(double value);
// With a fixed number of digits after the point.
std::string format_fixed(double value, int digits);
// 1234567 as "1,234,567".
std::string format_count(std::int64_t value);

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`
// (optimal string alignment).
int edit_distance(std::string_view a, std::string_view b);
// The candidate nearest to `word`, or nothing when all are further than a third of its length + 1.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);
// Advice on an unknown word: the candidate that was meant, or all of them.
std::string near_or_known(std::string_view word, std::span<const std::string> candidates);

// `text` with control characters escaped, cut after `limit` bytes (never inside a character), for
// error messages.
std::string printable(std::string_view text, std::size_t limit = 80);

}  // namespace fastformer
