// Replaces the global operator new and delete.
#include "failing_allocations.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

bool is_counting = false, fails_for_good = false;
long counted = 0, failing = 0, living = 0;

void* taken(std::size_t size, std::size_t alignment) {
  if (is_counting) {
    ++counted;
    const bool fails = fails_for_good ? counted >= failing : counted == failing;
    if (failing > 0 && fails) throw std::bad_alloc();
  }
  void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (!memory) throw std::bad_alloc();
  ++living;
  return memory;
}

void given_back(void* memory) {
  if (memory) --living;
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return taken(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return taken(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { given_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { given_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { given_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { given_back(memory); }

namespace fastformer {

FailingAllocations::FailingAllocations(long number, bool for_good) : living_before_(living) {
  counted = 0;
  failing = number;
  fails_for_good = for_good;
  is_counting = true;
}

FailingAllocations::~FailingAllocations() { is_counting = false; }

long FailingAllocations::count() const { return counted; }
long FailingAllocations::kept() const { return living - living_before_; }

}  // namespace fastformer
