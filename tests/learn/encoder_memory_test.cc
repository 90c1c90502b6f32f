// The memory of training on a document grows with its length and no faster: no encoder keeps or
// makes a matrix of all pairs of tokens.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "encoder_layer.h"

namespace fastformer::learn {
namespace {

// libtorch's allocator of the processor, counted while it lives.
class CountingAllocator : public c10::Allocator {
 public:
  CountingAllocator() : behind_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this, 100); }
  ~CountingAllocator() override { c10::SetCPUAllocator(behind_, 100); }
  CountingAllocator(const CountingAllocator&) = delete;
  CountingAllocator& operator=(const CountingAllocator&) = delete;

  c10::DataPtr allocate(std::size_t bytes) override {
    now_ += static_cast<std::int64_t>(bytes);
    most_ = std::max(most_, now_);
    void* data = behind_->raw_allocate(bytes);
    bytes_[data] = static_cast<std::int64_t>(bytes);
    living_ = this;
    return {data, data, &release, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    behind_->copy_data(to, from, bytes);
  }

  std::int64_t most() const { return most_; }

 private:
  static void release(void* data) {
    living_->now_ -= living_->bytes_[data];
    living_->bytes_.erase(data);
    living_->behind_->raw_deallocate(data);
  }

  static inline CountingAllocator* living_ = nullptr;
  c10::Allocator* behind_;
  std::int64_t now_ = 0, most_ = 0;
  std::unordered_map<void*, std::int64_t> bytes_;
};

// Most bytes in use while a document's gradients are found.
std::int64_t most_memory(const EncoderLayer& layer, std::int64_t length) {
  CountingAllocator allocator;
  {
    at::Tensor hidden = random_tensor({length, 16}, 1).to(at::kFloat).set_requires_grad(true);
    layer.mix(hidden).sum().backward();
  }
  for (const std::string& name : layer.names()) layer.parameters().at(name).mutable_grad().reset();
  return allocator.most();
}

TEST(EncoderMemoryTest, GrowsWithTheLengthOfADocument) {
  const std::pair<const char*, const char*> encoders[] = {
      {"fastformer", "{}"},
      {"transformer", "{}"},
      {"longformer", R"({"longformer_window": 64})"},
      {"bigbird", R"({"bigbird_block": 16})"},
      {"linformer", R"({"linformer_rank": 32})"},
      {"linear_transformer", "{}"},
      {"poolingformer", R"({"poolingformer_window": 32, "poolingformer_pooled_window": 128})"}};
  at::set_num_threads(1);
  for (const auto& [encoder, options] : encoders) {
    const EncoderLayer layer(encoder, config::Json::parse(options), 16, 2, at::kFloat,
                             /*max_length=*/8192);
    const auto few = static_cast<double>(most_memory(layer, 2048));
    const auto many = static_cast<double>(most_memory(layer, 8192));
    EXPECT_LT(many / few, 4.6) << encoder;
    EXPECT_LT(many, 4.0 * 8192 * 8192 / 4) << encoder;  // a quarter of one matrix of pairs
    RecordProperty(encoder, std::to_string(static_cast<std::int64_t>(many / 8192)));
  }
}

}  // namespace
}  // namespace fastformer::learn
