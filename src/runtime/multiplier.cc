// Hands products to the kernels of the number format.
#include "runtime/multiplier.h"

namespace fastformer::runtime {
namespace {

template <typename X>
kernels::ProductOf<X> product_of(const X* x, const Operand& operand, const X* panels,
                                 std::int64_t inputs, const Destination& to) {
  kernels::ProductOf<X> product;
  product.x = x;
  product.x_stride = operand.stride;
  product.rows = operand.rows;
  product.panels = panels;
  product.inputs = inputs;
  product.start = to.start;
  product.start_row = to.start_row;
  product.start_panel = to.start_panel;
  product.y = to.y;
  product.y_row = to.y_row;
  product.y_panel = to.y_panel;
  return product;
}

}  // namespace

std::int64_t Multiplier::room(std::int64_t rows, std::int64_t width) const {
  return precision_ == Precision::kFloat32 ? 0 : rows * kernels::padded(width) / 2;
}

Operand Multiplier::operand(const kernels::Rows& x, kernels::Pair* room) const {
  if (precision_ == Precision::kFloat32) return {x.x, nullptr, x.stride, x.rows};
  const std::int64_t stride = kernels::padded(x.width) / 2;
  stages_.pair_rows({x.x, x.stride, x.rows, x.width, room, stride});
  return {nullptr, room, stride, x.rows};
}

void Multiplier::convert(PackedMatrix& weights) const {
  if (precision_ == Precision::kFloat32) return;
  stages_.pair_panels(
      {weights.panels.data(), weights.inputs, weights.outputs, weights.pairs.data()});
}

void Multiplier::multiply(const Operand& x, const PackedMatrix& weights,
                          const Destination& to) const {
  if (precision_ == Precision::kFloat32) {
    kernels::Product product = product_of(x.floats, x, weights.panels.data(), weights.inputs, to);
    product.outputs = weights.outputs;
    stages_.product(product);
  } else {
    kernels::PairProduct product =
        product_of(x.pairs, x, weights.pairs.data(), kernels::padded(weights.inputs) / 2, to);
    product.outputs = weights.outputs;
    stages_.pair_product(product);
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
