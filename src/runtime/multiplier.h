// Products of activations with packed weights in a model's number format.
#pragma once

#include "runtime/matrix.h"

namespace fastformer::runtime {

// Rows that are to be multiplied, in the number format; the memory is someone else's.
struct Operand {
  const float* floats = nullptr;
  const std::uint32_t* packed = nullptr;  // pairs or quads
  std::int64_t stride = 0;                // in elements of either
  std::int64_t rows = 0;
};

// Where a product begins and where it goes: see kernels::ProductOf.
struct Destination {
  const float* start = nullptr;
  std::int64_t start_row = 0, start_panel = kernels::kPanel;
  float* y = nullptr;
  std::int64_t y_row = 0, y_panel = kernels::kPanel;
};

class Multiplier {
 public:
  using Room = AlignedArray<std::uint32_t>;

  Multiplier(const kernels::Stages& stages, Precision precision)
      : stages_(stages), precision_(precision) {}

  Precision precision() const { return precision_; }
  // Elements for an operand of so many rows and columns; 0 in a format that needs no copy.
  std::int64_t room(std::int64_t rows, std::int64_t width) const;
  // `x`, padded with 0, in the number format, in `room` or where it is.
  Operand operand(const kernels::Rows& x, std::uint32_t* room) const;
  // Where a stage that makes rows of this width leaves them as an operand, and that operand; of
  // 32-bit floats it leaves none, and the rows are it.
  kernels::PackedRows packed(std::int64_t width, std::uint32_t* room) const;
  Operand packed_operand(const kernels::Rows& x, const std::uint32_t* room) const;
  // The same of rows that change: x = gelu(x), x = tanh(x), as near as the number format asks for.
  Operand gelu(const kernels::Rows& x, std::uint32_t* room) const;
  Operand tanh(const kernels::Rows& x, std::uint32_t* room) const;
  // Brings panels that were written to the number format.
  void convert(PackedMatrix& weights) const;
  void multiply(const Operand& x, const PackedMatrix& weights, const Destination& to) const;
  // With a bias, into rows.
  void multiply(const Operand& x, const PackedMatrix& weights, const Floats& bias,
                const kernels::Rows& y) const;

 private:
  std::int64_t stride(std::int64_t width) const;

  const kernels::Stages& stages_;
  Precision precision_;
};

// A model's two: of tokens with weights, and of weights with each other, which makes a document's
// own maps. Those would be rounded to whole numbers twice, so that bfloat16 makes them.
struct Multipliers {
  Multipliers(const kernels::Stages& stages, Precision precision)
      : tokens(stages, precision),
        maps(stages, precision == Precision::kInt8 ? Precision::kBfloat16 : precision) {}

  Multiplier tokens, maps;
};

}  // namespace fastformer::runtime
