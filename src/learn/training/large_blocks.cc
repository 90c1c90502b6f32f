// Anonymous mappings in large pages, where the system has them.
#include "learn/training/large_blocks.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace fastformer::learn {
namespace {

constexpr std::size_t kLarge = std::size_t{4} << 20;
constexpr std::size_t kPage = std::size_t{2} << 20;
constexpr std::uint8_t kPriority = 100;

void* map(std::size_t size) {
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return nullptr;
  ::madvise(data, size, MADV_HUGEPAGE);  // a wish
  return data;
}

class LargeBlocks : public c10::Allocator {
 public:
  explicit LargeBlocks(c10::Allocator* small) : small_(small) {}

  c10::DataPtr allocate(std::size_t bytes) override {
    void* data = bytes < kLarge ? nullptr : take((bytes + kPage - 1) / kPage * kPage);
    if (!data) return small_->allocate(bytes);  // which says so when there is no memory
    return {data, data, &give_back, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    small_->copy_data(to, from, bytes);
  }

  void release() {
    const std::scoped_lock lock(mutex_);
    while (!kept_.empty()) unmap_oldest();
    most_ = used_bytes_;
  }
  std::size_t held() {
    const std::scoped_lock lock(mutex_);
    return used_bytes_ + kept_bytes_;
  }

 private:
  struct Block {
    void* data;
    std::size_t size;
  };

  static void give_back(void* data);

  void* take(std::size_t size) {
    const std::scoped_lock lock(mutex_);
    kept_.reserve(kept_.size() + used_.size() + 1);  // so that giving back takes no memory
    Block block = take_kept(size);
    if (!block.data) {
      while (!kept_.empty() && used_bytes_ + kept_bytes_ + size > most_) unmap_oldest();
      block = {map(size), size};
      if (!block.data) return nullptr;
    }
    try {
      used_.emplace(block.data, block.size);
    } catch (...) {
      ::munmap(block.data, block.size);
      throw;
    }
    used_bytes_ += block.size;
    most_ = std::max(most_, used_bytes_);
    return block.data;
  }

  // The smallest that is large enough and no more than an eighth too large.
  Block take_kept(std::size_t size) {
    auto best = kept_.end();
    for (auto block = kept_.begin(); block != kept_.end(); ++block) {
      if (block->size < size || block->size > size + size / 8) continue;
      if (best == kept_.end() || block->size < best->size) best = block;
    }
    if (best == kept_.end()) return {nullptr, 0};
    const Block found = *best;
    kept_.erase(best);
    kept_bytes_ -= found.size;
    return found;
  }

  // Whether the block was one of these.
  bool keep(void* data) {
    const std::scoped_lock lock(mutex_);
    const auto found = used_.find(data);
    if (found == used_.end()) return false;
    kept_.push_back({data, found->second});
    kept_bytes_ += found->second;
    used_bytes_ -= found->second;
    used_.erase(found);
    return true;
  }

  void unmap_oldest() {
    ::munmap(kept_.front().data, kept_.front().size);
    kept_bytes_ -= kept_.front().size;
    kept_.erase(kept_.begin());
  }

  c10::Allocator* small_;
  std::mutex mutex_;
  std::unordered_map<void*, std::size_t> used_;
  std::vector<Block> kept_;  // oldest first
  std::size_t used_bytes_ = 0, kept_bytes_ = 0;
  std::size_t most_ = 0;  // of used_bytes_
};

// Lives to the end of the program, as tensors may.
LargeBlocks& large_blocks() {
  static auto* const blocks = new LargeBlocks(c10::GetCPUAllocator());
  return *blocks;
}

void LargeBlocks::give_back(void* data) {
  LargeBlocks& blocks = large_blocks();
  if (!blocks.keep(data)) blocks.small_->raw_deallocate(data);
}

}  // namespace

void keep_large_blocks() { c10::SetCPUAllocator(&large_blocks(), kPriority); }

void release_large_blocks() { large_blocks().release(); }

std::size_t held_in_large_blocks() { return large_blocks().held(); }

}  // namespace fastformer::learn
