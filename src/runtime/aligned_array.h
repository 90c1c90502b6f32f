// Memory for vectors: aligned, zero at first, and kept when it is asked for less.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace fastformer::runtime {

// Elements of a plain type. Growing loses what was there; the new elements are 0.
template <typename T>
class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(std::int64_t size) { require(size); }

  // Room for `size` elements; no allocation if there was that much before.
  void require(std::int64_t size) {
    if (size <= size_) return;
    constexpr std::size_t kAlignment = 64;
    const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(T);
    data_.reset();
    size_ = 0;
    data_.reset(static_cast<T*>(::operator new (bytes, std::align_val_t{kAlignment})));
    std::fill_n(data_.get(), size, T(0));
    size_ = size;
  }

  std::int64_t size() const { return size_; }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  T& operator[](std::int64_t i) { return data_.get()[i]; }
  const T& operator[](std::int64_t i) const { return data_.get()[i]; }

 private:
  struct Free {
    void operator()(T* data) const { ::operator delete (data, std::align_val_t{64}); }
  };
  std::unique_ptr<T, Free> data_;
  std::int64_t size_ = 0;
};

using Floats = AlignedArray<float>;

}  // namespace fastformer::runtime
