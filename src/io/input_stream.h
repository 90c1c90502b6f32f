// Bytes of a file or of standard input, decompressed on the way when the name ends in .gz or .zst.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace fastformer::io {

// A forward-only source of bytes.
class InputStream {
 public:
  virtual ~InputStream() = default;
  // Fills at most buffer.size() bytes and returns how many; 0 means the end. Returns early with
  // what a pipe has. Throws on a read error and on damaged or cut compressed data.
  virtual std::size_t read(std::span<char> buffer) = 0;
};

// Opens `path`, or standard input for "-". Several gz members or zst frames in a row are read as
// one. Throws when the file is missing, a folder, or not compressed although its name says so.
std::unique_ptr<InputStream> open_input(const std::string& path);

// How people call the input: `path`, or "standard input" for "-".
std::string input_name(const std::string& path);

// `path` without a final ".gz" or ".zst": the name that says what the content is.
std::string uncompressed_name(const std::string& path);

}  // namespace fastformer::io
