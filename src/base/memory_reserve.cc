// The new handler that gives reserves back, and who had the place before.
#include "base/memory_reserve.h"

#include <atomic>
#include <new>
#include <utility>

namespace fastformer {
namespace {

thread_local MemoryReserve* innermost = nullptr;
thread_local bool asks_before = false;
std::atomic<std::new_handler> handler_before{nullptr};

void give_a_reserve_back() {
  for (MemoryReserve* reserve = innermost; reserve; reserve = reserve->outer()) {
    if (reserve->release()) return;
  }
  const std::new_handler before = handler_before;
  // One that was installed after ours may ask ours in its turn.
  if (!before || asks_before) throw std::bad_alloc();
  struct Asking {
    Asking() { asks_before = true; }
    ~Asking() { asks_before = false; }
  } asking;
  before();
}

void install_handler() {
  if (std::get_new_handler() == give_a_reserve_back) return;
  const std::new_handler before = std::set_new_handler(give_a_reserve_back);
  if (before != give_a_reserve_back) handler_before = before;
}

}  // namespace

MemoryReserve::MemoryReserve(std::size_t bytes) : outer_(innermost) {
  install_handler();
  block_ = ::operator new(bytes);
  innermost = this;
}

MemoryReserve::~MemoryReserve() {
  innermost = outer_;
  release();
}

bool MemoryReserve::release() {
  ::operator delete(block_);
  return std::exchange(block_, nullptr) != nullptr;
}

}  // namespace fastformer
