// Word and position rows of a model, gathered into a tile.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "model/model_config.h"
#include "model/safetensors.h"
#include "runtime/sinusoidal_positions.h"
#include "runtime/tensor_source.h"

namespace fastformer::runtime {

// A word table of 32-bit floats or quantized is read where it lies, in the mapped file; others are
// copied.
class Embedding {
 public:
  // `words` is the tensor embedding.word.weight; what it points to must outlive the embedding. Of
  // I8 numbers, `source` has the rows' scales.
  Embedding(const model::ModelConfig& config, const TensorSource& source,
            const model::TensorView& words);

  // Throws an Error for an id outside the vocabulary and for a document longer than the learned
  // positions.
  void check(std::span<const std::int32_t> ids) const;
  // Rows of checked tokens [begin, begin + y.rows) of a document to y and `packed`; normalised
  // where the model normalises. y is 0 past the width.
  void embed(const kernels::Stages& stages, std::span<const std::int32_t> ids, std::int64_t begin,
             const kernels::Rows& y, const kernels::PackedRows& packed) const;

 private:
  const std::byte* word(std::int32_t id) const;
  void prefetch(std::int32_t id) const;
  const float* gather(std::int32_t id, float* y) const;
  void add_up(const kernels::Stages& stages, std::span<const std::int32_t> ids, std::int64_t begin,
              const kernels::Rows& y) const;

  std::int64_t width_, vocabulary_, max_length_;
  Positions positions_kind_;
  float epsilon_;
  std::span<const std::byte> mapped_;  // the word table
  std::vector<float> copied_;          // or its copy
  std::vector<float> scales_;          // of the word table's rows; empty unless it is quantized
  Matrix positions_;                   // learned, or the first sinusoidal ones
  SinusoidalPositions sinusoidal_;     // the others
  Norm norm_;                          // empty without norms
};

}  // namespace fastformer::runtime
