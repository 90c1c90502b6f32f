// Layout: a magic number, the parts, a table of them, and a footer with a digest of all before it.
#include "io/part_file.h"

#include <fastformer/error.h>

#include <array>
#include <cstring>

namespace fastformer::io {
namespace {

constexpr char kMagic[] = "FFPARTS1";
constexpr std::size_t kMagicBytes = 8;
constexpr std::size_t kAlignment = 64;  // of a part: a cache line
constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

struct Entry {
  std::array<char, 32> name;  // ends with a zero
  std::uint64_t offset;
  std::uint64_t size;
};

struct Footer {
  std::uint64_t table;  // where it begins
  std::uint64_t parts;
  std::array<std::uint64_t, 2> digest;  // of all bytes before this field
};
constexpr std::size_t kDigested = offsetof(Footer, digest);

template <typename T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

}  // namespace

PartFileWriter::PartFileWriter(const std::string& path, std::uint64_t most_bytes)
    : file_(path, /*append=*/false, /*mode=*/0600), most_bytes_(most_bytes) {
  append({kMagic, kMagicBytes});
}

void PartFileWriter::begin(const std::string& name) {
  if (name.size() >= sizeof(Entry::name) || !parts_.emplace(name, Part()).second) {
    throw Error("cannot have a part called " + name);
  }
  pad();
  parts_[name].offset = size_;
  current_ = name;
}

void PartFileWriter::write(std::string_view bytes) {
  parts_.at(current_).size += bytes.size();
  append(bytes);
}

void PartFileWriter::append(std::string_view bytes) {
  digest_.add(bytes);
  size_ += bytes.size();
  if (bytes.size() >= kBufferBytes) {
    flush();
    return put(bytes);
  }
  buffer_ += bytes;
  if (buffer_.size() >= kBufferBytes) flush();
}

void PartFileWriter::put(std::string_view bytes) {
  try {
    if (size_ > most_bytes_) throw Error("more is to be kept than the cache may take");
    file_.write(bytes);
  } catch (const Error&) {
    has_failed_ = true;
    throw;
  }
}

void PartFileWriter::flush() {
  put(buffer_);
  buffer_.clear();
}

void PartFileWriter::pad() {
  const std::array<char, kAlignment> zeros = {};
  append({zeros.data(), (kAlignment - size_ % kAlignment) % kAlignment});
}

void PartFileWriter::finish() {
  pad();
  Footer footer = {size_, parts_.size(), {}};
  for (const auto& [name, part] : parts_) {
    Entry entry = {{}, part.offset, part.size};
    std::copy(name.begin(), name.end(), entry.name.begin());
    append(bytes_of(entry));
  }
  append(bytes_of(footer).substr(0, kDigested));
  footer.digest = digest_.value();
  append(bytes_of(footer).substr(kDigested));
  flush();
  try {
    file_.close();
  } catch (const Error&) {
    has_failed_ = true;
    throw;
  }
}

PartFile::PartFile(const std::string& path) : path_(path), file_(path) {
  const std::string_view all(reinterpret_cast<const char*>(file_.bytes().data()),
                             file_.bytes().size());
  const auto check = [&path](bool holds) {
    if (!holds) throw Error("is damaged", path);
  };
  check(all.size() >= kMagicBytes + sizeof(Footer) && all.starts_with(kMagic));
  Footer footer;
  std::memcpy(&footer, all.data() + all.size() - sizeof(footer), sizeof(footer));
  const std::size_t table_end = all.size() - sizeof(footer);
  check(footer.table <= table_end && footer.parts <= table_end / sizeof(Entry) &&
        footer.parts * sizeof(Entry) == table_end - footer.table);
  Digest digest;
  constexpr std::size_t kStep = std::size_t{64} << 20;
  const std::string_view digested = all.substr(0, table_end + kDigested);
  for (std::size_t at = 0; at < digested.size(); at += kStep) {
    digest.add(digested.substr(at, kStep));
    release();
  }
  check(digest.value() == footer.digest);
  for (std::size_t i = 0; i < footer.parts; ++i) {
    Entry entry;
    std::memcpy(&entry, all.data() + footer.table + i * sizeof(entry), sizeof(entry));
    check(entry.name.back() == '\0' && entry.offset % kAlignment == 0 &&
          entry.offset <= footer.table && entry.size <= footer.table - entry.offset);
    parts_[entry.name.data()] = all.substr(entry.offset, entry.size);
  }
}

void PartFile::release() const {
  constexpr std::size_t kMuch = std::size_t{256} << 20;
  if (file_.bytes().size() >= kMuch) file_.release();
}

std::string_view PartFile::bytes(const std::string& name) const {
  const auto found = parts_.find(name);
  if (found == parts_.end()) throw Error("has no part called " + name, path_);
  return found->second;
}

void PartFile::check(bool holds) const {
  if (!holds) throw Error("its parts do not fit together", path_);
}

void PartFile::check_size(const std::string& name, std::size_t size, std::size_t unit) const {
  if (size % unit != 0) throw Error("its part " + name + " is no whole number of values", path_);
}

}  // namespace fastformer::io
