// Arrays that grow in memory and, from a size on, in a file, so that they may be more than memory
// holds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace fastformer::io {

// Where arrays go that become large.
struct SpillPlace {
  std::string folder;              // empty: they stay in memory
  std::size_t most_in_memory = 0;  // bytes of one array
};

// Bytes that grow at their end.
class LargeBytes {
 public:
  explicit LargeBytes(SpillPlace place = {});
  ~LargeBytes();
  LargeBytes(LargeBytes&& other) noexcept;
  LargeBytes& operator=(LargeBytes&& other) noexcept;

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  // New bytes are zero. Throws an Error when neither memory nor disk has room.
  void resize(std::size_t size);
  // Whether the bytes are in a file.
  bool is_in_file() const { return file_ >= 0; }
  // Lets go of memory that a file backs.
  void release() const;
  // Lets the system read these bytes of a file ahead.
  void read_ahead(std::size_t begin, std::size_t end) const;

 private:
  void reserve(std::size_t capacity);
  void move_to_file(std::size_t capacity);

  SpillPlace place_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
  int file_ = -1;
};

template <typename T>
class LargeArray {
 public:
  static_assert(std::is_trivially_copyable_v<T>);
  explicit LargeArray(SpillPlace place = {}) : bytes_(std::move(place)) {}

  std::size_t size() const { return bytes_.size() / sizeof(T); }
  T* data() { return reinterpret_cast<T*>(bytes_.data()); }
  const T* data() const { return reinterpret_cast<const T*>(bytes_.data()); }
  std::span<const T> slice(std::size_t begin, std::size_t end) const {
    return {data() + begin, end - begin};
  }
  void resize(std::size_t size) { bytes_.resize(size * sizeof(T)); }
  void append(std::span<const T> values) {
    const std::size_t before = size();
    resize(before + values.size());
    std::copy(values.begin(), values.end(), data() + before);
  }
  bool is_in_file() const { return bytes_.is_in_file(); }
  void release() const { bytes_.release(); }
  void read_ahead(std::size_t begin, std::size_t end) const {
    bytes_.read_ahead(begin * sizeof(T), end * sizeof(T));
  }

 private:
  LargeBytes bytes_;
};

}  // namespace fastformer::io
