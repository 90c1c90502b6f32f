// One transfer of a few numbers for each chunk.
#include "learn/gpu/layout.h"

#include <fastformer/error.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "learn/device.h"

namespace fastformer::learn::gpu {
namespace {

constexpr std::int64_t kChunkNumbers = sizeof(cuda::Chunk) / sizeof(std::int32_t);

}  // namespace

Layout::Layout(const std::vector<std::int64_t>& offsets, at::Tensor document_of)
    : document_of_(std::move(document_of)) {
  if (offsets.back() > std::numeric_limits<std::int32_t>::max()) {
    throw Error("a batch has more tokens than can be counted", "--batch-tokens",
                "Choose a smaller batch");
  }
  std::vector<std::int32_t> numbers, first = {0};
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
    lengths_.push_back(offsets[b + 1] - offsets[b]);
    for (std::int64_t begin = offsets[b]; begin < offsets[b + 1]; begin += cuda::kChunkTokens) {
      const std::int64_t count = std::min<std::int64_t>(cuda::kChunkTokens, offsets[b + 1] - begin);
      for (const std::int64_t number : {static_cast<std::int64_t>(b), begin, count}) {
        numbers.push_back(static_cast<std::int32_t>(number));
      }
      ++chunks_;
    }
    first.push_back(static_cast<std::int32_t>(chunks_));
  }
  numbers.insert(numbers.end(), first.begin(), first.end());
  for (std::size_t b = 1; b < offsets.size(); ++b) {
    numbers.push_back(static_cast<std::int32_t>(offsets[b]));
  }
  numbers.push_back(0);
  numbers.push_back(static_cast<std::int32_t>(chunks_));
  numbers_ = on_device(at::tensor(numbers, at::kInt), document_of_.device());
}

Layout::Layout(const torch::autograd::AutogradContext& context)
    : numbers_(context.saved_data.at("layout").toTensor()),
      document_of_(context.saved_data.at("document_of").toTensor()),
      lengths_(context.saved_data.at("lengths").toIntVector()),
      chunks_(context.saved_data.at("chunks").toInt()) {}

void Layout::save(torch::autograd::AutogradContext& context) const {
  context.saved_data["layout"] = numbers_;
  context.saved_data["document_of"] = document_of_;
  context.saved_data["lengths"] = lengths_;
  context.saved_data["chunks"] = chunks_;
}

std::int64_t Layout::common_length() const {
  const bool is_common =
      std::adjacent_find(lengths_.begin(), lengths_.end(), std::not_equal_to<>()) == lengths_.end();
  return is_common && !lengths_.empty() ? lengths_.front() : 0;
}

std::int64_t Layout::table_numbers() const { return chunks_ * kChunkNumbers; }

cuda::Chunks Layout::chunks() const {
  const auto* numbers = numbers_.const_data_ptr<std::int32_t>();
  return {reinterpret_cast<const cuda::Chunk*>(numbers), numbers + table_numbers(),
          static_cast<std::int32_t>(chunks_), static_cast<std::int32_t>(documents())};
}

cuda::Chunks Layout::together() const {
  cuda::Chunks chunks = this->chunks();
  chunks.first += 2 * documents() + 1;
  chunks.documents = 1;
  return chunks;
}

at::Tensor Layout::ends() const {
  return numbers_.narrow(0, table_numbers() + documents() + 1, documents());
}

}  // namespace fastformer::learn::gpu
