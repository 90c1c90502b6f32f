// Vectors whose elements lie off every boundary but that of one element.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace fastformer::kernels {

template <typename T>
struct OneElementOff {
  using value_type = T;

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new((count + 1) * sizeof(T), kBoundary)) + 1;
  }
  void deallocate(T* elements, std::size_t) { ::operator delete(elements - 1, kBoundary); }

  static constexpr std::align_val_t kBoundary{64};
};

template <typename T>
bool operator==(const OneElementOff<T>&, const OneElementOff<T>&) {
  return true;
}

template <typename T>
using Unaligned = std::vector<T, OneElementOff<T>>;

template <typename T>
Unaligned<T> unaligned(const std::vector<T>& values) {
  return Unaligned<T>(values.begin(), values.end());
}

}  // namespace fastformer::kernels
