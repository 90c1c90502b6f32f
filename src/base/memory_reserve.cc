#include "base/memory_reserve.h"

#include <new>
#include <utility>

namespace fastformer {
namespace {

thread_local MemoryReserve* innermost = nullptr;
std::new_handler handler_before = nullptr;

void give_a_reserve_back() {
  for (MemoryReserve* reserve = innermost; reserve; reserve = reserve->outer()) {
    if (reserve->release()) return;
  }
  if (!handler_before) throw std::bad_alloc();
  handler_before();
}

void install_handler() {
  static const bool installed [[maybe_unused]] = [] {
    handler_before = std::get_new_handler();
    std::set_new_handler(give_a_reserve_back);
    return true;
  }();
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
