// Hands products to the kernels of the number format.
#include "runtime/multiplier.h"

namespace fastformer::runtime {
namespace {

// Of a kernel's Product, but for the operands' elements.
template <typename Product>
Product product_of(const Operand& operand, const PackedMatrix& weights, std::int64_t inputs,
                   const Destination& to) {
  Product product;
  product.x_stride = operand.stride;
  product.rows = operand.rows;
  product.inputs = inputs;
  product.outputs = weights.outputs;
  product.start = to.start;
  product.start_row = to.start_row;
  product.start_panel = to.start_panel;
  product.y = to.y;
  product.y_row = to.y_row;
  product.y_panel = to.y_panel;
  return product;
}

}  // namespace

std::int64_t Multiplier::stride(std::int64_t width) const {
  switch (precision_) {
    case Precision::kFloat32:
      return 0;
    case Precision::kBfloat16:
      return kernels::padded(width) / 2;
    case Precision::kInt8:
      break;
  }
  // The scale's place keeps rows aligned.
  return kernels::quads_of(width) + kernels::kQuadStep;
}

std::int64_t Multiplier::room(std::int64_t rows, std::int64_t width) const {
  return rows * stride(width);
}

kernels::PackedRows Multiplier::packed(std::int64_t width, std::uint32_t* room) const {
  if (precision_ == Precision::kFloat32) return {};
  return {room, stride(width), precision_ == Precision::kInt8};
}

Operand Multiplier::packed_operand(const kernels::Rows& x, const std::uint32_t* room) const {
  if (precision_ == Precision::kFloat32) return {x.x, nullptr, x.stride, x.rows};
  return {nullptr, room, stride(x.width), x.rows};
}

Operand Multiplier::gelu(const kernels::Rows& x, std::uint32_t* room) const {
  if (precision_ == Precision::kFloat32) {
    stages_.gelu(x);
  } else {
    stages_.short_gelu(x, packed(x.width, room));
  }
  return packed_operand(x, room);
}

Operand Multiplier::tanh(const kernels::Rows& x, std::uint32_t* room) const {
  if (precision_ == Precision::kFloat32) {
    stages_.tanh(x);
  } else {
    stages_.short_tanh(x, packed(x.width, room));
  }
  return packed_operand(x, room);
}

Operand Multiplier::operand(const kernels::Rows& x, std::uint32_t* room) const {
  if (precision_ == Precision::kFloat32) return packed_operand(x, room);
  const std::int64_t to = stride(x.width);
  if (precision_ == Precision::kBfloat16) {
    stages_.pair_rows({x.x, x.stride, x.rows, x.width, room, to});
  } else {
    stages_.quad_rows({x.x, x.stride, x.rows, x.width, room, to});
  }
  return packed_operand(x, room);
}

void Multiplier::convert(PackedMatrix& weights) const {
  if (precision_ == Precision::kBfloat16) {
    stages_.pair_panels(
        {weights.panels.data(), weights.inputs, weights.outputs, weights.pairs.data()});
  } else if (precision_ == Precision::kInt8) {
    stages_.quad_panels({weights.panels.data(), weights.inputs, weights.outputs,
                         weights.quads.data(), weights.scales.data(), weights.zeros.data()});
  }
}

void Multiplier::multiply(const Operand& x, const PackedMatrix& weights,
                          const Destination& to) const {
  if (precision_ == Precision::kFloat32) {
    auto product = product_of<kernels::Product>(x, weights, weights.inputs, to);
    product.x = x.floats;
    product.panels = weights.panels.data();
    stages_.product(product);
  } else if (precision_ == Precision::kBfloat16) {
    const std::int64_t pairs = kernels::padded(weights.inputs) / 2;
    auto product = product_of<kernels::PairProduct>(x, weights, pairs, to);
    product.x = x.packed;
    product.panels = weights.pairs.data();
    stages_.pair_product(product);
  } else {
    const std::int64_t quads = kernels::quads_of(weights.inputs);
    auto product = product_of<kernels::QuadProduct>(x, weights, quads, to);
    product.x = x.packed;
    product.panels = weights.quads.data();
    product.scales = weights.scales.data();
    product.zeros = weights.zeros.data();
    stages_.quad_product(product);
  }
}

void Multiplier::multiply(const Operand& x, const PackedMatrix& weights, const Floats& bias,
                          const kernels::Rows& y) const {
  Destination to;
  to.start = bias.data();
  to.y = y.x;
  to.y_row = y.stride;
  multiply(x, weights, to);
}

}  // namespace fastformer::runtime
