// Vectors of numbers for kernels: aligned as vector registers are, and not set to 0 before they are
// written.
#pragma once

#include <cstddef>
#include <new>
#include <utility>
#include <vector>

namespace fastformer {

template <typename T>
struct RawAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};

  RawAllocator() = default;
  template <typename U>
  explicit RawAllocator(const RawAllocator<U>&) {}

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), kAlignment));
  }
  void deallocate(T* data, std::size_t) { ::operator delete(data, kAlignment); }

  template <typename U>
  void construct(U* place) {
    ::new (static_cast<void*>(place)) U;
  }
  template <typename U, typename... Arguments>
  void construct(U* place, Arguments&&... arguments) {
    ::new (static_cast<void*>(place)) U(std::forward<Arguments>(arguments)...);
  }

  bool operator==(const RawAllocator&) const { return true; }
};

// Of a plain type. New elements hold anything, unless they are made from a value.
template <typename T>
using RawVector = std::vector<T, RawAllocator<T>>;

}  // namespace fastformer
