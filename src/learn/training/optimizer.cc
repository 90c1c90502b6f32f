// Updates of dense tensors and of single rows through torch's fused Adam.
#include "learn/training/optimizer.h"

#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_map>

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
  for (std::size_t i = 0; i < parameters.names().size(); ++i) {
    const at::Tensor& parameter = parameters.tensors()[i];
    State state;
    state.name = parameters.names()[i];
    state.parameter = parameter;
    state.mean = at::zeros_like(parameter);
    state.square = at::zeros_like(parameter);
    state.steps = at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(parameter.device()));
    state.decays = parameter.dim() > 1 && !state.name.starts_with("embedding.");
    states_.push_back(std::move(state));
  }
}

void Optimizer::prepare(std::span<const UsedRows> used) {
  for (const UsedRows& table : used) {
    for (State& state : states_) {
      if (state.name == table.parameter) catch_up(state, table.rows);
    }
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
  learning_rates_.push_back(learning_rate);
}

void Optimizer::settle() {
  for (State& state : states_) {
    std::vector<std::int64_t> rows(state.touched.size());
    std::iota(rows.begin(), rows.end(), 0);
    catch_up(state, rows);
  }
}

void Optimizer::update(const State& state, const at::Tensor& gradient, double learning_rate) const {
  fused_update({state.parameter, gradient, state.mean, state.square, state.steps}, options_,
               learning_rate, state.decays ? options_.weight_decay : 0);
}

void Optimizer::update_rows(State& state, const at::Tensor& gradient, double learning_rate) {
  const at::Tensor rows = gradient._indices()[0];
  const at::Tensor listed = rows.cpu().contiguous();
  const std::span<const std::int64_t> numbers(listed.const_data_ptr<std::int64_t>(),
                                              static_cast<std::size_t>(listed.numel()));
  state.touched.resize(static_cast<std::size_t>(state.parameter.size(0)), 0);
  catch_up(state, numbers);
  const Slice slice = {state.parameter.index_select(0, rows), gradient._values(),
                       state.mean.index_select(0, rows), state.square.index_select(0, rows),
                       state.steps};
  fused_update(slice, options_, learning_rate, state.decays ? options_.weight_decay : 0);
  const at::Tensor parameter = state.parameter.detach(), mean = state.mean, square = state.square;
  parameter.index_copy_(0, rows, slice.parameter);
  mean.index_copy_(0, rows, slice.mean);
  square.index_copy_(0, rows, slice.square);
  const auto now = static_cast<std::int64_t>(learning_rates_.size()) + 1;
  for (std::int64_t row : numbers) state.touched[static_cast<std::size_t>(row)] = now;
}

// Dense Adam moves a row whose gradient is 0 at step s + k by
//   rate_(s+k) / (1 - beta1^(s+k)) * beta1^k mean / (root_k sqrt(square) + epsilon),
//   root_k = sqrt(beta2^k / (1 - beta2^(s+k))).
// The root hardly changes while beta1^k lasts, so the sum from the step after `touched` to the last
// one made is taken with one root, which makes it exact where epsilon does not count.
Optimizer::Momentum Optimizer::momentum_since(std::int64_t touched) const {
  constexpr double kNegligible = 1e-9;
  double sum = 0, sum_over_roots = 0, mean_decay = 1, square_decay = 1;
  const auto steps = static_cast<std::int64_t>(learning_rates_.size());
  for (std::int64_t step = touched + 1; step <= steps && mean_decay > kNegligible; ++step) {
    mean_decay *= options_.beta1;
    square_decay *= options_.beta2;
    const auto exponent = static_cast<double>(step);
    const double root = std::sqrt(square_decay / (1 - std::pow(options_.beta2, exponent)));
    const double weight = learning_rates_[static_cast<std::size_t>(step - 1)] * mean_decay /
                          (1 - std::pow(options_.beta1, exponent));
    sum += weight;
    sum_over_roots += weight / root;
  }
  return {sum, sum_over_roots > 0 ? sum / sum_over_roots : 1};
}

void Optimizer::catch_up(State& state, std::span<const std::int64_t> rows) {
  const at::NoGradGuard no_gradients;
  const auto now = static_cast<std::int64_t>(learning_rates_.size());
  std::vector<std::int64_t> late;
  std::vector<double> rates, roots, mean_decays, square_decays;
  std::unordered_map<std::int64_t, Momentum> known;
  for (std::int64_t row : rows) {
    if (static_cast<std::size_t>(row) >= state.touched.size()) continue;
    std::int64_t& touched = state.touched[static_cast<std::size_t>(row)];
    if (touched == 0 || touched >= now) continue;
    const auto [momentum, is_new] = known.try_emplace(touched);
    if (is_new) momentum->second = momentum_since(touched);
    late.push_back(row);
    rates.push_back(momentum->second.rate);
    roots.push_back(momentum->second.root);
    mean_decays.push_back(std::pow(options_.beta1, static_cast<double>(now - touched)));
    square_decays.push_back(std::pow(options_.beta2, static_cast<double>(now - touched)));
    touched = now;
  }
  if (late.empty()) return;
  const at::TensorOptions options = state.parameter.options().requires_grad(false);
  const auto column = [&](const std::vector<double>& values) {
    return at::tensor(values, at::kDouble).to(options).unsqueeze(1);
  };
  const at::Tensor index = at::tensor(late, at::kLong).to(options.device());
  const at::Tensor mean = state.mean.index_select(0, index);
  const at::Tensor square = state.square.index_select(0, index);
  const at::Tensor move =
      column(rates) * mean / (column(roots) * square.sqrt() + options_.adam_epsilon);
  at::Tensor parameter = state.parameter.detach();
  parameter.index_copy_(0, index, parameter.index_select(0, index) - move);
  state.mean.index_copy_(0, index, mean * column(mean_decays));
  state.square.index_copy_(0, index, square * column(square_decays));
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
