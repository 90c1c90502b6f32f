// Reading line by line; only wanted words' numbers are parsed.
#include "text/word_vectors.h"

#include <fastformer/error.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/strings.h"
#include "io/input_stream.h"

namespace fastformer::text {
namespace {

constexpr std::size_t kLongestLine = std::size_t{4} << 20;

// The lines of a file, without their ends.
class Lines {
 public:
  explicit Lines(const std::string& path) : path_(path), input_(io::open_input(path)) {}

  std::string where() const { return path_ + ", line " + std::to_string(number_); }

  // Sets `line`, which lasts until the next call; false at the end.
  bool next(std::string_view& line) {
    std::size_t end = buffer_.find('\n', at_);
    while (end == std::string::npos && more()) end = buffer_.find('\n', searched_);
    if (end == std::string::npos && at_ == buffer_.size()) return false;
    ++number_;
    end = std::min(end, buffer_.size());
    line = std::string_view(buffer_).substr(at_, end - at_);
    if (line.size() > kLongestLine) too_long();
    at_ = std::min(end + 1, buffer_.size());
    return true;
  }

 private:
  [[noreturn]] void too_long() const {
    throw Error("is too long for a word and its vector", where(),
                "Is this a text file of word vectors?");
  }

  bool more() {
    buffer_.erase(0, at_);
    at_ = 0;
    if (buffer_.size() > kLongestLine) {
      throw Error("is too long for a word and its vector",
                  path_ + ", line " + std::to_string(number_ + 1),
                  "Is this a text file of word vectors?");
    }
    searched_ = buffer_.size();
    std::array<char, 1 << 16> chunk;
    const std::size_t count = input_->read(chunk);
    buffer_.append(chunk.data(), count);
    return count > 0;
  }

  std::string path_;
  std::unique_ptr<io::InputStream> input_;
  std::string buffer_;
  std::size_t at_ = 0, searched_ = 0;
  std::int64_t number_ = 0;
};

// Cuts the last field, up to a blank or tab, off `line`; nothing is left of it when it is empty.
std::string_view take_last_field(std::string_view& line) {
  const std::size_t blank = line.find_last_of(" \t");
  const std::size_t begin = blank == std::string_view::npos ? 0 : blank + 1;
  const std::string_view field = line.substr(begin);
  line = blank == std::string_view::npos ? std::string_view() : line.substr(0, blank);
  return field;
}

std::int64_t fields_of(std::string_view line) {
  return 1 + std::count_if(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\t'; });
}

// The number of words where the line is a header; one of another width is an Error.
std::optional<std::int64_t> header_of(std::string_view line, std::int64_t width,
                                      const std::string& where) {
  if (fields_of(line) != 2) return std::nullopt;
  const std::size_t blank = line.find_first_of(" \t");
  const auto words = parse_int(line.substr(0, blank)), numbers = parse_int(line.substr(blank + 1));
  if (!words || !numbers || width == 1) return std::nullopt;
  if (*numbers != width) throw OtherWidth(*numbers, width, where);
  return words;
}

class Reader {
 public:
  Reader(const std::unordered_map<std::string, std::int64_t>& wanted, std::int64_t width)
      : wanted_(wanted), width_(width) {}

  void read_line(std::string_view line, const std::string& where) {
    const std::int64_t numbers = fields_of(line) - 1;
    if (numbers < width_ || (vectors_.words == 0 && numbers != width_)) {
      throw OtherWidth(numbers, width_, where);
    }
    ++vectors_.words;
    std::string_view word = line;
    fields_.clear();
    for (std::int64_t i = 0; i < width_; ++i) fields_.push_back(take_last_field(word));
    const auto found = wanted_.find(std::string(word));
    if (found == wanted_.end() || !seen_.insert(found->second).second) return;
    vectors_.ids.push_back(found->second);
    for (auto field = fields_.rbegin(); field != fields_.rend(); ++field) {
      const auto value = parse_double(*field);
      if (!value || !std::isfinite(static_cast<float>(*value))) {
        throw Error("\"" + printable(*field, 40) + "\" is not a number", where);
      }
      vectors_.values.push_back(static_cast<float>(*value));
    }
  }

  WordVectors take() { return std::move(vectors_); }

 private:
  const std::unordered_map<std::string, std::int64_t>& wanted_;
  std::int64_t width_;
  std::unordered_set<std::int64_t> seen_;
  std::vector<std::string_view> fields_;
  WordVectors vectors_;
};

}  // namespace

OtherWidth::OtherWidth(std::int64_t found, std::int64_t wanted, const std::string& where)
    : Error("has vectors of " + std::to_string(found) + " numbers, the model's width is " +
                std::to_string(wanted),
            where),
      found_(found) {}

WordVectors read_word_vectors(const std::string& path,
                              const std::unordered_map<std::string, std::int64_t>& wanted,
                              std::int64_t width) {
  Lines lines(path);
  Reader reader(wanted, width);
  bool is_first = true;
  std::optional<std::int64_t> promised;
  for (std::string_view line; lines.next(line); is_first = false) {
    while (!line.empty() && std::string_view(" \t\r").find(line.back()) < 3) line.remove_suffix(1);
    if (is_first) promised = header_of(line, width, lines.where());
    if (line.empty() || (is_first && promised)) continue;
    reader.read_line(line, lines.where());
  }
  WordVectors vectors = reader.take();
  vectors.promised = promised.value_or(0);
  return vectors;
}

}  // namespace fastformer::text
