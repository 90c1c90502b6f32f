// Updates of dense tensors through torch's fused Adam, of sparse tables row by row.
#include "learn/training/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace fastformer::learn {
namespace {

// Tensors with their gradients, moments and step counts.
struct DenseUpdates {
  std::vector<at::Tensor> parameters, gradients, means, squares, steps;
};

void fused_update(DenseUpdates& updates, const TrainingOptions& options, double learning_rate,
                  double weight_decay) {
  if (updates.parameters.empty()) return;
  at::_foreach_add_(updates.steps, 1);
  // Of torch's overloads those with a plain number as the learning rate.
  using List = at::TensorList;
  using FusedUpdate =
      void (*)(List, List, List, List, List, List, double, double, double, double, double, bool,
               bool, const std::optional<at::Tensor>&, const std::optional<at::Tensor>&);
  const FusedUpdate update = options.optimizer == OptimizerKind::kAdamW
                                 ? FusedUpdate(at::_fused_adamw_)
                                 : FusedUpdate(at::_fused_adam_);
  update(updates.parameters, updates.gradients, updates.means, updates.squares, {}, updates.steps,
         learning_rate, options.beta1, options.beta2, weight_decay, options.adam_epsilon,
         /*amsgrad=*/false, /*maximize=*/false, {}, {});
}

// Values of all gradients that count: of a sparse one its rows.
std::vector<at::Tensor> gradient_values(const Parameters& parameters) {
  std::vector<at::Tensor> values;
  for (const at::Tensor& parameter : parameters.tensors()) {
    const at::Tensor& gradient = parameter.grad();
    if (!gradient.defined()) continue;
    values.push_back(gradient.is_sparse() ? gradient._values() : gradient);
  }
  return values;
}

}  // namespace

TableGradient table_gradient_for(const TrainingOptions& options, at::Device device) {
  const bool may_be_dense = options.embedding_update == EmbeddingUpdate::kDense;
  return may_be_dense && !device.is_cpu() ? TableGradient::kAll : TableGradient::kRows;
}

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

bool Optimizer::prepares() const {
  return options_.embedding_update == EmbeddingUpdate::kDense &&
         std::any_of(states_.begin(), states_.end(),
                     [](const State& state) { return state.rows.has_value(); });
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
  DenseUpdates decaying, plain;
  std::vector<at::Tensor> averages, values;
  for (State& state : states_) {
    const at::Tensor& gradient = state.adam.parameter.grad();
    if (gradient.defined() && gradient.is_sparse()) {
      if (!state.rows) state.rows.emplace(state.adam, idle_.steps());
      state.rows->update(gradient, idle_, row_step);
      continue;
    }
    if (gradient.defined()) {
      leave_rows(state);
      DenseUpdates& updates = state.decays ? decaying : plain;
      updates.parameters.push_back(state.adam.parameter);
      updates.gradients.push_back(gradient);
      updates.means.push_back(state.adam.mean);
      updates.squares.push_back(state.adam.square);
      updates.steps.push_back(state.steps);
    }
    if (!state.adam.average.defined() || state.rows) continue;
    averages.push_back(state.adam.average);
    values.push_back(state.adam.parameter);
  }
  fused_update(decaying, options_, learning_rate, options_.weight_decay);
  fused_update(plain, options_, learning_rate, 0);
  if (!averages.empty()) at::_foreach_lerp_(averages, values, 1 - options_.average);
  idle_.add(learning_rate);
}

void Optimizer::settle() {
  for (State& state : states_) settle(state);
}

void Optimizer::settle(State& state) const {
  if (!state.rows) return;
  std::vector<std::int64_t> rows(static_cast<std::size_t>(state.adam.parameter.size(0)));
  std::iota(rows.begin(), rows.end(), 0);
  state.rows->catch_up(rows, idle_, options_.adam_epsilon);
}

void Optimizer::leave_rows(State& state) const {
  if (!state.rows) return;
  settle(state);
  state.rows.reset();
  state.steps.fill_(idle_.steps());
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

at::Tensor gradient_norm(const Parameters& parameters) {
  const at::NoGradGuard no_gradients;
  const std::vector<at::Tensor> values = gradient_values(parameters);
  if (values.empty()) return at::zeros({}, at::kDouble);
  return at::stack(at::_foreach_norm(values)).to(at::kDouble).norm();
}

void clip_gradients(const Parameters& parameters, double norm, double limit) {
  const at::NoGradGuard no_gradients;
  if (limit <= 0 || norm <= limit) return;
  at::_foreach_mul_(gradient_values(parameters), limit / norm);
}

}  // namespace fastformer::learn
