// Gathers embedding rows.
#include "runtime/embedding.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/strings.h"
#include "model/quantized.h"

namespace fastformer::runtime {
namespace {

constexpr std::int64_t kSinusoidalRows = 1024;  // kept ready; later ones are made when met

// Adds a position's row: Vaswani et al., 2017, section 3.5, sine at even, cosine at odd elements.
void add_sinusoidal(std::int64_t position, std::int64_t width, float* row) {
  for (std::int64_t j = 0; j < width; ++j) {
    const auto pair = static_cast<double>(j - j % 2);
    const double angle = static_cast<double>(position) *
                         std::exp(pair * (-std::log(10000.0) / static_cast<double>(width)));
    row[j] += static_cast<float>(j % 2 == 0 ? std::sin(angle) : std::cos(angle));
  }
}

}  // namespace

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
    positions_ = Matrix(std::min<std::int64_t>(max_length_, kSinusoidalRows), width_);
    for (std::int64_t i = 0; i < positions_.rows; ++i) add_sinusoidal(i, width_, positions_.row(i));
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
                      std::int64_t begin, std::int64_t rows, float* y, std::int64_t stride) const {
  for (std::int64_t i = 0; i < rows; ++i) {
    gather(static_cast<std::size_t>(ids[static_cast<std::size_t>(begin + i)]), y + i * stride);
  }
  add_positions(begin, rows, y, stride);
  if (norm_.scale.size() == 0) return;
  kernels::AddNorm norm;
  norm.x = norm.y = y;
  norm.x_stride = norm.y_stride = stride;
  norm.rows = rows;
  norm.width = width_;
  norm.scale = norm_.scale.data();
  norm.shift = norm_.shift.data();
  norm.epsilon = epsilon_;
  stages.add_norm(norm);
}

void Embedding::gather(std::size_t id, float* y) const {
  const auto width = static_cast<std::size_t>(width_);
  if (scales_.empty()) {
    std::memcpy(y, mapped_.data() + id * width * sizeof(float), width * sizeof(float));
    return;
  }
  const auto* numbers = reinterpret_cast<const std::int8_t*>(mapped_.data()) + id * width;
  const float scale = scales_[id];
  for (std::size_t j = 0; j < width; ++j) y[j] = static_cast<float>(numbers[j]) * scale;
}

void Embedding::add_positions(std::int64_t begin, std::int64_t rows, float* y,
                              std::int64_t stride) const {
  if (positions_kind_ == Positions::kNone) return;
  for (std::int64_t i = 0; i < rows; ++i) {
    float* row = y + i * stride;
    if (begin + i < positions_.rows) {
      const float* position = positions_.row(begin + i);
      for (std::int64_t j = 0; j < width_; ++j) row[j] += position[j];
    } else {
      add_sinusoidal(begin + i, width_, row);
    }
  }
}

}  // namespace fastformer::runtime
