// Gathers embedding rows.
#include "runtime/embedding.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cstring>

#include "base/strings.h"
#include "model/quantized.h"

namespace fastformer::runtime {

constexpr std::int64_t kSinusoidalRows = 1024;  // kept as they are added

Embedding::Embedding(const model::ModelConfig& config, const TensorSource& source,
                     const model::TensorView& words)
    : width_(config.encoder.width),
      vocabulary_(config.vocabulary),
      max_length_(config.text.max_length),
      positions_kind_(config.encoder.positions),
      epsilon_(static_cast<float>(config.encoder.norm_epsilon)) {
  if (words.dtype == "F32") {
    mapped_ = words.bytes;
  } else if (words.dtype == "I8") {
    mapped_ = words.bytes;
    scales_ = source(model::scale_name("embedding.word.weight"));
  } else {
    copied_ = source("embedding.word.weight");
    mapped_ = std::as_bytes(std::span(copied_));
  }
  if (positions_kind_ == Positions::kLearned) {
    positions_ = Matrix(max_length_, width_, source("embedding.position.weight"));
  } else if (positions_kind_ == Positions::kSinusoidal) {
    sinusoidal_ = SinusoidalPositions(max_length_, width_);
    positions_ = Matrix(std::min(max_length_, kSinusoidalRows), width_);
    for (std::int64_t i = 0; i < positions_.rows; ++i) sinusoidal_.add(i, positions_.row(i));
  }
  if (config.encoder.norm != NormPlacement::kNone) norm_ = read_norm(source, "embedding.norm");
}

void Embedding::check(std::span<const std::int32_t> ids) const {
  if (positions_kind_ == Positions::kLearned &&
      static_cast<std::int64_t>(ids.size()) > max_length_) {
    throw Error("a document is longer than the model's " + std::to_string(max_length_) +
                " positions");
  }
  for (const std::int32_t id : ids) {
    if (id < 0 || id >= vocabulary_) {
      throw Error("the id " + std::to_string(id) + " is outside the vocabulary of " +
                  std::to_string(vocabulary_));
    }
  }
}

void Embedding::embed(const kernels::Stages& stages, std::span<const std::int32_t> ids,
                      std::int64_t begin, const kernels::Rows& y,
                      const kernels::PackedRows& packed) const {
  constexpr std::int64_t kTogether = 4;  // rows that are normalised side by side
  kernels::AddNorm norm;
  norm.width = width_;
  norm.scale = norm_.scale.data();
  norm.shift = norm_.shift.data();
  norm.epsilon = epsilon_;
  norm.x_stride = norm.y_stride = y.stride;
  norm.packed = packed;
  for (std::int64_t first = 0; first < y.rows; first += kTogether) {
    norm.rows = std::min(kTogether, y.rows - first);
    norm.y = y.x + first * y.stride;
    norm.x = norm.y;
    add_up(stages, ids, begin + first, {norm.y, y.stride, norm.rows, width_});
    if (norm.scale || packed.y) stages.add_norm(norm);
    if (packed.y) norm.packed.y += norm.rows * packed.stride;
  }
}

// Words and positions.
void Embedding::add_up(const kernels::Stages& stages, std::span<const std::int32_t> ids,
                       std::int64_t begin, const kernels::Rows& y) const {
  constexpr std::size_t kAhead = 8;  // rows that are on their way from memory
  kernels::AddNorm sum;
  sum.rows = 1;
  sum.width = width_;
  for (std::int64_t i = begin; i < begin + y.rows; ++i) {
    const auto place = static_cast<std::size_t>(i);
    if (place + kAhead < ids.size()) prefetch(ids[place + kAhead]);
    sum.y = y.x + (i - begin) * y.stride;
    sum.x = gather(ids[place], sum.y);
    sum.add = i < positions_.rows ? positions_.row(i) : nullptr;
    if (sum.add || sum.x != sum.y) stages.add_norm(sum);
    if (!sum.add && positions_kind_ == Positions::kSinusoidal) sinusoidal_.add(i, sum.y);
  }
}

const std::byte* Embedding::word(std::int32_t id) const {
  const std::int64_t element = scales_.empty() ? sizeof(float) : 1;
  return mapped_.data() + id * width_ * element;
}

void Embedding::prefetch(std::int32_t id) const {
  constexpr std::int64_t kLine = 64;
  const std::byte* row = word(id);
  const std::byte* end = word(id + 1);
  for (; row < end; row += kLine) __builtin_prefetch(row);
}

// The word's row, in the table where whole panels can be read there, else in y.
const float* Embedding::gather(std::int32_t id, float* y) const {
  const auto width = static_cast<std::size_t>(width_);
  const std::byte* row = word(id);
  if (scales_.empty()) {
    if (width_ % kernels::kPanel == 0) return reinterpret_cast<const float*>(row);
    std::memcpy(y, row, width * sizeof(float));
    return y;
  }
  const auto* numbers = reinterpret_cast<const std::int8_t*>(row);
  const float scale = scales_[static_cast<std::size_t>(id)];
  for (std::size_t j = 0; j < width; ++j) y[j] = static_cast<float>(numbers[j]) * scale;
  return y;
}

}  // namespace fastformer::runtime
