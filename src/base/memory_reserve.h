// Memory set aside for code that does not outlive a lack of it.
#pragma once

#include <cstddef>

namespace fastformer {

// Holds a block from here to the end of the scope. Where operator new finds no memory on this
// thread meanwhile, the block is given back and operator new tries again, so that code which would
// end the program for want of memory has these bytes left; for what it takes beyond them, operator
// new throws as ever. It works by std::set_new_handler: a reserve installs a handler, unless it is
// there, that stays, and passes on what is no business of a reserve to the handler before it.
class MemoryReserve {
 public:
  // Throws std::bad_alloc.
  explicit MemoryReserve(std::size_t bytes);
  ~MemoryReserve();
  MemoryReserve(const MemoryReserve&) = delete;
  MemoryReserve& operator=(const MemoryReserve&) = delete;

  // Gives the block back; false if that was done before.
  bool release();
  MemoryReserve* outer() const { return outer_; }

 private:
  void* block_;
  MemoryReserve* outer_;  // the thread's reserve of the scope around
};

}  // namespace fastformer
