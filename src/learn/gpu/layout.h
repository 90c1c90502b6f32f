// A batch's documents as the kernels for GPUs want to know them.
#pragma once

#include <cstdint>
#include <vector>

#include "cuda/types.h"
#include "learn/precompiled.h"

namespace fastformer::learn::gpu {

#ifdef FASTFORMER_CUDA
constexpr bool kIsBuilt = true;
#else
constexpr bool kIsBuilt = false;  // then nothing else of this folder is
#endif

class Layout {
 public:
  Layout() = default;
  // offsets [documents + 1] and document_of [tokens] as in Ragged; on the latter's device.
  Layout(const std::vector<std::int64_t>& offsets, at::Tensor document_of);
  // As an operation kept it for its backward pass.
  explicit Layout(const torch::autograd::AutogradContext& context);
  void save(torch::autograd::AutogradContext& context) const;

  cuda::Chunks chunks() const;
  // All chunks as those of one document.
  cuda::Chunks together() const;
  std::int64_t documents() const { return static_cast<std::int64_t>(lengths_.size()); }
  // Tokens of each document.
  const std::vector<std::int64_t>& lengths() const { return lengths_; }
  // int32 [documents]: the token after each document's last.
  at::Tensor ends() const;
  // The tokens of every document, if all have as many, else 0.
  std::int64_t common_length() const;
  // int64 [tokens]
  const at::Tensor& document_of() const { return document_of_; }

 private:
  std::int64_t table_numbers() const;

  // int32: chunks, first chunks of documents, ends, and the two numbers of together().
  at::Tensor numbers_;
  at::Tensor document_of_;
  std::vector<std::int64_t> lengths_;
  std::int64_t chunks_ = 0;
};

}  // namespace fastformer::learn::gpu
