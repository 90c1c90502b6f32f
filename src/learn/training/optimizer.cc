// Updates of dense tensors through torch's fused Adam, of tables row by row.
#include "learn/training/optimizer.h"

#include <cmath>
#include <numeric>
#include <optional>

namespace fastformer::learn {
namespace {

// A tensor with its gradient, moments and step count.
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
    : options_(options), idle_(options) {
  for (std::size_t i = 0; i < parameters.names().size(); ++i) {
    const at::Tensor& parameter = parameters.tensors()[i];
    State state;
    state.name = parameters.names()[i];
    state.adam = {parameter, at::zeros_like(parameter), at::zeros_like(parameter), {}};
    if (options.average > 0) state.adam.average = at::zeros_like(parameter);
    state.steps = at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(parameter.device()));
    state.decays = parameter.dim() > 1 && !state.name.starts_with("embedding.");
    states_.push_back(std::move(state));
  }
}

void Optimizer::prepare(std::span<const UsedRows> used) {
  if (!prepares()) return;
  for (const UsedRows& table : used) {
    for (State& state : states_) {
      if (state.name == table.parameter && state.rows) {
        state.rows->catch_up(table.rows, idle_, options_.adam_epsilon);
      }
    }
  }
}

void Optimizer::step(double learning_rate) {
  const at::NoGradGuard no_gradients;
  const kernels::AdamStep row_step = this->row_step(learning_rate);
  for (State& state : states_) {
    const at::Tensor& gradient = state.adam.parameter.grad();
    if (gradient.defined() && gradient.is_sparse()) {
      if (!state.rows) state.rows.emplace(state.adam, idle_.steps());
      state.rows->update(gradient, idle_, row_step);
      continue;
    }
    if (gradient.defined()) update(state, gradient, learning_rate);
    if (state.adam.average.defined() && !state.rows) {
      at::Tensor average = state.adam.average;
      average.lerp_(state.adam.parameter, 1 - options_.average);
    }
  }
  idle_.add(learning_rate);
}

void Optimizer::settle() {
  for (State& state : states_) {
    if (!state.rows) continue;
    std::vector<std::int64_t> rows(static_cast<std::size_t>(state.adam.parameter.size(0)));
    std::iota(rows.begin(), rows.end(), 0);
    state.rows->catch_up(rows, idle_, options_.adam_epsilon);
  }
}

std::vector<at::Tensor> Optimizer::averages() const {
  const at::NoGradGuard no_gradients;
  const double weights = 1 - std::pow(options_.average, static_cast<double>(idle_.steps()));
  std::vector<at::Tensor> averages;
  for (const State& state : states_) averages.push_back(state.adam.average / weights);
  return averages;
}

void Optimizer::save(Checkpoint& to) const {
  for (const State& state : states_) {
    to.put("mean." + state.name, state.adam.mean);
    to.put("square." + state.name, state.adam.square);
    to.put("steps." + state.name, state.steps);
    if (state.adam.average.defined()) to.put("average." + state.name, state.adam.average);
    if (state.rows) to.put("touched." + state.name, state.rows->touched());
  }
}

void Optimizer::load(const Checkpoint& from, std::span<const double> rates) {
  for (const double rate : rates) idle_.add(rate);
  for (State& state : states_) {
    from.copy_into("mean." + state.name, state.adam.mean);
    from.copy_into("square." + state.name, state.adam.square);
    from.copy_into("steps." + state.name, state.steps);
    if (state.adam.average.defined()) from.copy_into("average." + state.name, state.adam.average);
    if (!from.contains("touched." + state.name)) continue;
    state.rows.emplace(state.adam, 0);
    state.rows->set_touched(from, "touched." + state.name, idle_.steps());
  }
}

void Optimizer::update(const State& state, const at::Tensor& gradient, double learning_rate) const {
  at::Tensor steps = state.steps;
  steps.add_(1);
  fused_update({state.adam.parameter, gradient, state.adam.mean, state.adam.square, steps},
               options_, learning_rate, state.decays ? options_.weight_decay : 0);
}

kernels::AdamStep Optimizer::row_step(double learning_rate) const {
  const auto number = static_cast<double>(idle_.steps() + 1);
  kernels::AdamStep step;
  step.rate = learning_rate / (1 - std::pow(options_.beta1, number));
  step.root = std::sqrt(1 - std::pow(options_.beta2, number));
  step.beta1 = options_.beta1;
  step.beta2 = options_.beta2;
  step.epsilon = options_.adam_epsilon;
  step.average_decay = options_.average;
  return step;
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
