// Layout of ragged batches.
#include "learn/ragged.h"

#include <fastformer/error.h>

#include <utility>

namespace fastformer::learn {

Ragged Ragged::from_offsets(std::vector<std::int64_t> offsets, at::Device device) {
  if (offsets.empty() || offsets.front() != 0) throw Error("offsets do not begin at 0");
  Ragged ragged;
  at::Tensor documents = at::empty({offsets.back()}, at::kLong);
  at::Tensor positions = at::empty({offsets.back()}, at::kLong);
  auto* document = documents.mutable_data_ptr<std::int64_t>();
  auto* position = positions.mutable_data_ptr<std::int64_t>();
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
    if (offsets[b + 1] < offsets[b]) throw Error("offsets fall");
    for (std::int64_t i = offsets[b]; i < offsets[b + 1]; ++i) {
      document[i] = static_cast<std::int64_t>(b);
      position[i] = i - offsets[b];
    }
  }
  ragged.offsets = std::move(offsets);
  ragged.document_of = documents.to(device);
  ragged.position_of = positions.to(device);
  return ragged;
}

std::vector<std::int64_t> Ragged::lengths() const {
  std::vector<std::int64_t> lengths;
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
    lengths.push_back(offsets[b + 1] - offsets[b]);
  }
  return lengths;
}

}  // namespace fastformer::learn
