// Updates of dense tensors and of single rows through torch's fused Adam.
#include "learn/training/optimizer.h"

#include <cmath>
#include <optional>

namespace fastformer::learn {
namespace {

// Moments and step count of one tensor, or of some of its rows.
struct Slice {
  at::Tensor parameter, gradient, mean, square, steps;
};

void fused_update(const Slice& slice, const TrainingOptions& options, double learning_rate,
                  double weight_decay) {
  const std::vector<at::Tensor> parameter = {slice.parameter}, gradient = {slice.gradient},
                                mean = {slice.mean}, square = {slice.square}, none,
                                steps = {slice.steps};
  // Of torch's overloads those with a plain number as the learning rate.
  using List = at::TensorList;
  using FusedUpdate =
      void (*)(List, List, List, List, List, List, double, double, double, double, double, bool,
               bool, const std::optional<at::Tensor>&, const std::optional<at::Tensor>&);
  const FusedUpdate update = options.optimizer == OptimizerKind::kAdamW
                                 ? FusedUpdate(at::_fused_adamw_)
                                 : FusedUpdate(at::_fused_adam_);
  update(parameter, gradient, mean, square, none, steps, learning_rate, options.beta1,
         options.beta2, weight_decay, options.adam_epsilon, /*amsgrad=*/false,
         /*maximize=*/false, {}, {});
}

// Gradient values that count: the rows of a sparse one.
at::Tensor values_of(const at::Tensor& gradient) {
  return gradient.is_sparse() ? gradient._values() : gradient;
}

}  // namespace

Optimizer::Optimizer(const Parameters& parameters, const TrainingOptions& options)
    : options_(options) {
  for (const at::Tensor& parameter : parameters.tensors()) {
    State state;
    state.parameter = parameter;
    state.mean = at::zeros_like(parameter);
    state.square = at::zeros_like(parameter);
    state.steps = at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(parameter.device()));
    state.decays = parameter.dim() > 1;
    states_.push_back(std::move(state));
  }
}

void Optimizer::step(double learning_rate) {
  const at::NoGradGuard no_gradients;
  for (State& state : states_) {
    const at::Tensor& gradient = state.parameter.grad();
    if (!gradient.defined()) continue;
    state.steps.add_(1);
    gradient.is_sparse() ? update_rows(state, gradient, learning_rate)
                         : update(state, gradient, learning_rate);
  }
}

void Optimizer::update(const State& state, const at::Tensor& gradient, double learning_rate) const {
  fused_update({state.parameter, gradient, state.mean, state.square, state.steps}, options_,
               learning_rate, state.decays ? options_.weight_decay : 0);
}

void Optimizer::update_rows(const State& state, const at::Tensor& gradient,
                            double learning_rate) const {
  const at::Tensor rows = gradient._indices()[0];
  const Slice slice = {state.parameter.index_select(0, rows), gradient._values(),
                       state.mean.index_select(0, rows), state.square.index_select(0, rows),
                       state.steps};
  fused_update(slice, options_, learning_rate, state.decays ? options_.weight_decay : 0);
  const at::Tensor parameter = state.parameter.detach(), mean = state.mean, square = state.square;
  parameter.index_copy_(0, rows, slice.parameter);
  mean.index_copy_(0, rows, slice.mean);
  square.index_copy_(0, rows, slice.square);
}

double clip_gradients(const Parameters& parameters, double limit) {
  const at::NoGradGuard no_gradients;
  double squares = 0;
  for (const at::Tensor& parameter : parameters.tensors()) {
    if (!parameter.grad().defined()) continue;
    const double norm = values_of(parameter.grad()).norm().item<double>();
    squares += norm * norm;
  }
  const double norm = std::sqrt(squares);
  if (limit <= 0 || norm <= limit) return norm;
  for (const at::Tensor& parameter : parameters.tensors()) {
    if (parameter.grad().defined()) values_of(parameter.grad()).mul_(limit / norm);
  }
  return norm;
}

}  // namespace fastformer::learn
