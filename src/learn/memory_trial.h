// What training takes of memory for each token, found by trying.
#pragma once

#include <cstdint>

#include "learn/precompiled.h"
#include "model/model_config.h"

namespace fastformer::learn {

// Counts what libtorch's allocator of the processor hands out, while it lives. One at a time.
class AllocationCount {
 public:
  AllocationCount();
  ~AllocationCount();
  AllocationCount(const AllocationCount&) = delete;
  AllocationCount& operator=(const AllocationCount&) = delete;

  // The most bytes that were in use at once.
  std::int64_t most() const;

 private:
  c10::Allocator* before_;
};

// Bytes that a token of documents of up to `longest` tokens adds to the forward and backward pass
// of a batch through the model's encoder: what two small batches differ by. Any encoder, on the
// processor, without its head and its table of words.
std::int64_t trained_bytes_per_token(const model::ModelConfig& config, std::int64_t longest);

}  // namespace fastformer::learn
