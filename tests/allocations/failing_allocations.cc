// Replaces the global operator new and delete.
#include "failing_allocations.h"

#include <malloc.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

bool is_counting = false, fails_for_good = false;
long counted = 0, failing = 0, living = 0;
// Bytes that a new handler gave back, which is what is left where all else fails for good.
std::size_t spare = 0;
bool is_handling = false;

bool fails(std::size_t size) {
  ++counted;
  if (failing == 0 || counted < failing) return false;
  if (!fails_for_good) return counted == failing;
  if (spare < size) return true;
  spare -= size;
  return false;
}

// What the standard asks of operator new that finds no memory.
void call_new_handler() {
  const std::new_handler handler = std::get_new_handler();
  if (!handler) throw std::bad_alloc();
  is_handling = true;
  try {
    handler();
  } catch (...) {
    is_handling = false;
    throw;
  }
  is_handling = false;
}

void* taken(std::size_t size, std::size_t alignment) {
  while (is_counting && fails(size)) call_new_handler();
  void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (!memory) throw std::bad_alloc();
  ++living;
  return memory;
}

void given_back(void* memory) {
  if (memory) --living;
  if (is_handling || spare > 0) spare += malloc_usable_size(memory);
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
  spare = 0;
  failing = number;
  fails_for_good = for_good;
  is_counting = true;
}

FailingAllocations::~FailingAllocations() { is_counting = false; }

long FailingAllocations::count() const { return counted; }
long FailingAllocations::kept() const { return living - living_before_; }

}  // namespace fastformer
