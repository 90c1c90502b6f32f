// Views of numbers that may begin at any byte, as those of a mapped file do.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>

namespace fastformer {

// What it points to must outlive it.
template <typename T>
class NumberView {
 public:
  static_assert(std::is_trivially_copyable_v<T>);

  NumberView() = default;
  explicit NumberView(std::span<const T> values) : NumberView(std::as_bytes(values)) {}
  // As many whole numbers as there are; in the machine's order of bytes.
  explicit NumberView(std::span<const std::byte> bytes)
      : data_(bytes.data()), size_(bytes.size() / sizeof(T)) {}

  std::size_t size() const { return size_; }
  T operator[](std::size_t i) const {
    T value;
    std::memcpy(&value, data_ + i * sizeof(T), sizeof(T));
    return value;
  }
  std::span<const std::byte> bytes() const { return {data_, size_ * sizeof(T)}; }

  // Of the numbers, bit by bit.
  friend bool operator==(const NumberView& a, const NumberView& b) {
    return a.size_ == b.size_ &&
           (a.size_ == 0 || std::memcmp(a.data_, b.data_, a.bytes().size()) == 0);
  }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace fastformer
