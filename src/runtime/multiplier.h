// Products of activations with packed weights in a model's number format.
#pragma once

#include "runtime/matrix.h"

namespace fastformer::runtime {

// Rows that are to be multiplied, in the number format; the memory is someone else's.
struct Operand {
  const float* floats = nullptr;
  const kernels::Pair* pairs = nullptr;
  std::int64_t stride = 0;  // in floats or pairs
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
  using Room = AlignedArray<kernels::Pair>;

  Multiplier(const kernels::Stages& stages, Precision precision)
      : stages_(stages), precision_(precision) {}

  Precision precision() const { return precision_; }
  // Pairs for an operand of so many rows and columns; 0 in a format that needs no copy.
  std::int64_t room(std::int64_t rows, std::int64_t width) const;
  // `x`, padded with 0, in the number format, in `room` or where it is.
  Operand operand(const kernels::Rows& x, kernels::Pair* room) const;
  // Brings panels that were written to the number format.
  void convert(PackedMatrix& weights) const;
  void multiply(const Operand& x, const PackedMatrix& weights, const Destination& to) const;
  // With a bias, into rows.
  void multiply(const Operand& x, const PackedMatrix& weights, const Floats& bias,
                const kernels::Rows& y) const;

 private:
  const kernels::Stages& stages_;
  Precision precision_;
};

}  // namespace fastformer::runtime
