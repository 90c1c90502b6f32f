// Documents of one length side by side, so that operations on whole documents need no padding.
#pragma once

#include <vector>

#include "learn/ragged.h"

namespace fastformer::learn {

// The documents of a batch by length, empty ones left out.
class DocumentGroups {
 public:
  explicit DocumentGroups(const Ragged& ragged);

  // Rows of the batch's tokens [tokens, width] in the order of the groups, and back.
  at::Tensor gather(const at::Tensor& rows) const;
  at::Tensor scatter(const at::Tensor& gathered) const;

  // Gathered rows, for each group [documents, length, width]; and back.
  std::vector<at::Tensor> split(const at::Tensor& gathered) const;
  static at::Tensor join(const std::vector<at::Tensor>& groups);

 private:
  std::vector<std::int64_t> lengths_;  // of each group's documents
  std::vector<std::int64_t> tokens_;   // of each group
  at::Tensor order_, back_;            // int64 [tokens]; undefined where the batch is in order
};

}  // namespace fastformer::learn
