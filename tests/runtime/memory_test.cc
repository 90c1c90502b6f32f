// After a first call, a call takes no memory.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "random_model.h"

namespace {

std::atomic<long> allocations = 0;

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace fastformer::runtime {
namespace {

void expect_memory_once(const Classifier& classifier, const char* name) {
  const std::vector<Ids> documents = random_documents({7, 0, 64, 1, 1000, 33, 100});
  const std::vector<std::span<const std::int32_t>> views(documents.begin(), documents.end());
  std::vector<float> logits(documents.size() * classifier.labels());
  ThreadPool pool(1);
  const long before_first = allocations;
  classifier.logits(views, pool, logits);
  EXPECT_GT(allocations, before_first);
  const long before = allocations;
  classifier.logits(views, pool, logits);
  EXPECT_EQ(allocations, before) << name;
}

TEST(MemoryTest, IsTakenOnce) {
  for (const auto& change : kVariants) {
    model::ModelConfig config = small_config();
    change.change(config);
    const RandomModel model(config);
    for (const Precision precision : kPrecisions) {
      expect_memory_once(model.classifier(kernels::instruction_set(), precision), change.name);
    }
  }
}

// A long document's parts are spread over the threads: a call takes memory when more of them meet
// in it than ever before.
TEST(MemoryTest, IsTakenOnceByEachThreadOfALongDocument) {
  const RandomModel model(small_config());
  const std::vector<Ids> documents = random_documents({1100});
  const std::vector<std::span<const std::int32_t>> views(documents.begin(), documents.end());
  for (const Precision precision : kPrecisions) {
    const Classifier classifier = model.classifier(kernels::instruction_set(), precision);
    std::vector<float> logits(classifier.labels());
    ThreadPool pool(4);
    int calls_that_took_some = 0;
    for (int i = 0; i < 50; ++i) {
      const long before = allocations;
      classifier.logits(views, pool, logits);
      if (allocations > before) ++calls_that_took_some;
    }
    EXPECT_LE(calls_that_took_some, pool.threads());
  }
}

}  // namespace
}  // namespace fastformer::runtime
