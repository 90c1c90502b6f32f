// Two batches of a few thousand tokens through a model of few words.
#include "learn/memory_trial.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "learn/encoders/stack.h"

namespace fastformer::learn {
namespace {

constexpr std::uint8_t kPriority = 100;
constexpr std::int64_t kWords = 64;
constexpr std::int64_t kFewTokens = 1024, kManyTokens = 3072;  // of the two batches

// Lives to the end of the program: what it handed out may outlive a count.
class CountingAllocator : public c10::Allocator {
 public:
  explicit CountingAllocator(c10::Allocator* behind) : behind_(behind) {}

  c10::DataPtr allocate(std::size_t bytes) override {
    void* data = behind_->raw_allocate(bytes);
    c10::DataPtr owned(data, data, &release, c10::Device(c10::kCPU));
    const std::scoped_lock lock(mutex_);
    bytes_[data] = static_cast<std::int64_t>(bytes);
    most_ = std::max(most_, now_ += static_cast<std::int64_t>(bytes));
    return owned;
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    behind_->copy_data(to, from, bytes);
  }

  void begin() {
    const std::scoped_lock lock(mutex_);
    most_ = now_;
    first_ = now_;
  }
  std::int64_t most() {
    const std::scoped_lock lock(mutex_);
    return most_ - first_;
  }

 private:
  static void release(void* data);

  c10::Allocator* behind_;
  std::mutex mutex_;
  std::unordered_map<void*, std::int64_t> bytes_;
  std::int64_t now_ = 0, most_ = 0, first_ = 0;
};

CountingAllocator& counting() {
  static auto* const counts = new CountingAllocator(c10::GetCPUAllocator());
  return *counts;
}

void CountingAllocator::release(void* data) {
  CountingAllocator& counts = counting();
  {
    const std::scoped_lock lock(counts.mutex_);
    const auto found = counts.bytes_.find(data);
    if (found != counts.bytes_.end()) {
      counts.now_ -= found->second;
      counts.bytes_.erase(found);
    }
  }
  counts.behind_->raw_deallocate(data);
}

// Most bytes in use while the gradients of so many documents are found.
std::int64_t most_bytes(const EncoderStack& stack, Parameters& parameters, std::int64_t documents,
                        std::int64_t length) {
  const AllocationCount count;
  std::vector<std::int64_t> offsets = {0};
  while (offsets.size() <= static_cast<std::size_t>(documents)) {
    offsets.push_back(offsets.back() + length);
  }
  const Ragged ragged = Ragged::from_offsets(offsets);
  ForwardContext context;
  context.training = true;
  const at::Tensor ids = at::arange(ragged.tokens(), at::kLong).remainder(kWords);
  stack.encode(parameters, ids, ragged, context).sum().backward();
  parameters.clear_gradients();
  return count.most();
}

}  // namespace

AllocationCount::AllocationCount() : before_(c10::GetCPUAllocator()) {
  c10::SetCPUAllocator(&counting(), kPriority);
  counting().begin();
}

AllocationCount::~AllocationCount() { c10::SetCPUAllocator(before_, kPriority); }

std::int64_t AllocationCount::most() const { return counting().most(); }

std::int64_t trained_bytes_per_token(const model::ModelConfig& config, std::int64_t longest) {
  model::ModelConfig small = config;
  small.vocabulary = kWords;
  Parameters parameters(model::tensors_of(small), 1);
  const EncoderStack stack(small);
  const auto most = [&](std::int64_t tokens) {
    const std::int64_t length = std::clamp<std::int64_t>(longest, 1, tokens);
    return most_bytes(stack, parameters, tokens / length, length);
  };
  most(1);  // what is made once
  return std::max<std::int64_t>(0, most(kManyTokens) - most(kFewTokens)) /
         (kManyTokens - kFewTokens);
}

}  // namespace fastformer::learn
