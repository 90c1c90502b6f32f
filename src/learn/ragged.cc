// Layout of ragged batches.
#include "learn/ragged.h"

#include <fastformer/error.h>

#include <utility>

#include "learn/device.h"
#include "learn/gpu/operations.h"

namespace fastformer::learn {
namespace {

void check(const std::vector<std::int64_t>& offsets) {
  if (offsets.empty() || offsets.front() != 0) throw Error("offsets do not begin at 0");
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
    if (offsets[b + 1] < offsets[b]) throw Error("offsets fall");
  }
}

// For the kernels of GPUs.
void lay_out(Ragged& ragged) {
  if constexpr (gpu::kIsBuilt) {
    if (gpu::reach(ragged.document_of.device())) {
      ragged.layout = gpu::Layout(ragged.offsets, ragged.document_of);
    }
  }
}

}  // namespace

Ragged Ragged::from_offsets(std::vector<std::int64_t> offsets, at::Device device) {
  if (!device.is_cpu()) return by_aten(std::move(offsets), device);
  check(offsets);
  Ragged ragged;
  at::Tensor documents = at::empty({offsets.back()}, at::kLong);
  at::Tensor positions = at::empty({offsets.back()}, at::kLong);
  auto* document = documents.mutable_data_ptr<std::int64_t>();
  auto* position = positions.mutable_data_ptr<std::int64_t>();
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
    for (std::int64_t i = offsets[b]; i < offsets[b + 1]; ++i) {
      document[i] = static_cast<std::int64_t>(b);
      position[i] = i - offsets[b];
    }
  }
  ragged.offsets = std::move(offsets);
  ragged.document_of = documents;
  ragged.position_of = positions;
  lay_out(ragged);
  return ragged;
}

Ragged Ragged::by_aten(std::vector<std::int64_t> offsets, at::Device device) {
  check(offsets);
  Ragged ragged;
  const at::Tensor begins = on_device(at::tensor(offsets, at::kLong), device);
  const at::Tensor places = at::arange(offsets.back(), begins.options());
  // A token's document is the number of documents that end before it or at it.
  ragged.document_of = at::bucketize(places, begins.slice(0, 1), /*out_int32=*/false,
                                     /*right=*/true);
  ragged.position_of = places - begins.index_select(0, ragged.document_of);
  ragged.offsets = std::move(offsets);
  lay_out(ragged);
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
