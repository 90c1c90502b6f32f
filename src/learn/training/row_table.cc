// Rows that wait, through kernels on the processor and ATen elsewhere.
#include "learn/training/row_table.h"

#include <utility>

#include "learn/device.h"
#include "learn/ops/views.h"
#include "learn/ragged.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

template <typename T>
kernels::AdamTable<T> table_of(const AdamState& state) {
  at::Tensor values = state.parameter.detach(), mean = state.mean, square = state.square;
  kernels::AdamTable<T> table = {view<T>(values), view<T>(mean), view<T>(square), {}};
  at::Tensor average = state.average;
  if (average.defined()) table.average = view<T>(average);
  return table;
}

constexpr double kernels::IdleChange::*kNumbers[] = {
    &kernels::IdleChange::rate,          &kernels::IdleChange::root,
    &kernels::IdleChange::mean_decay,    &kernels::IdleChange::square_decay,
    &kernels::IdleChange::average_decay, &kernels::IdleChange::average_share};

// kNumbers of the changes as columns [rows, 1] like `like`, sent to its device together.
std::vector<at::Tensor> columns_of(std::span<const kernels::IdleChange> changes,
                                   const at::Tensor& like) {
  std::vector<double> numbers;
  for (const auto number : kNumbers) {
    for (const kernels::IdleChange& change : changes) numbers.push_back(change.*number);
  }
  const at::Tensor all = at::tensor(numbers, at::kDouble).to(like.scalar_type());
  const auto rows = static_cast<std::int64_t>(changes.size());
  return on_device(all, like.device()).view({-1, rows, 1}).unbind();
}

}  // namespace

RowTable::RowTable(AdamState state, std::int64_t step)
    : state_(std::move(state)),
      touched_(static_cast<std::size_t>(state_.parameter.size(0)), step) {}

void RowTable::catch_up(std::span<const std::int64_t> rows, const IdleSteps& idle, double epsilon) {
  if (!idle.change_rows()) return mark(rows, idle.steps());
  std::vector<std::int64_t> late;
  std::vector<kernels::IdleChange> changes;
  for (std::int64_t row : rows) {
    std::int64_t& touched = touched_[static_cast<std::size_t>(row)];
    if (touched == idle.steps()) continue;
    late.push_back(row);
    changes.push_back(idle.since(touched));
    touched = idle.steps();
  }
  if (late.empty()) return;
  if (!state_.parameter.is_cpu()) {
    apply_idle_changes_by_aten(state_, late, changes, epsilon);
    return;
  }
  AT_DISPATCH_FLOATING_TYPES(state_.parameter.scalar_type(), "apply_idle_changes", [&] {
    kernels::apply_idle_changes<scalar_t>(table_of<scalar_t>(state_), late, changes, epsilon,
                                          torch_parallel_for());
  });
}

void RowTable::update(const at::Tensor& gradient, const IdleSteps& idle,
                      const kernels::AdamStep& step) {
  const at::Tensor listed = gradient._indices()[0].cpu().contiguous();
  const std::span<const std::int64_t> rows(listed.const_data_ptr<std::int64_t>(),
                                           static_cast<std::size_t>(listed.numel()));
  catch_up(rows, idle, step.epsilon);
  const at::Tensor values = gradient._values().contiguous();
  if (state_.parameter.is_cpu()) {
    AT_DISPATCH_FLOATING_TYPES(state_.parameter.scalar_type(), "adam_rows", [&] {
      kernels::adam_rows<scalar_t>(table_of<scalar_t>(state_), rows, const_view<scalar_t>(values),
                                   step, torch_parallel_for());
    });
  } else {
    adam_rows_by_aten(state_, gradient._indices()[0], values, step);
  }
  mark(rows, idle.steps() + 1);
}

void RowTable::mark(std::span<const std::int64_t> rows, std::int64_t step) {
  for (const std::int64_t row : rows) touched_[static_cast<std::size_t>(row)] = step;
}

at::Tensor RowTable::touched() const {
  return at::tensor(at::ArrayRef<std::int64_t>(touched_), at::kLong);
}

void RowTable::set_touched(const Checkpoint& state, const std::string& name,
                           std::int64_t last_step) {
  const at::Tensor found = at::empty({static_cast<std::int64_t>(touched_.size())}, at::kLong);
  state.copy_into(name, found);
  const bool within = found.ge(0).all().item<bool>() && found.le(last_step).all().item<bool>();
  state.require(within, "has steps that were not made");
  std::copy_n(found.const_data_ptr<std::int64_t>(), touched_.size(), touched_.begin());
}

void apply_idle_changes_by_aten(const AdamState& state, std::span<const std::int64_t> rows,
                                std::span<const kernels::IdleChange> changes, double epsilon) {
  const at::NoGradGuard no_gradients;
  at::Tensor values = state.parameter.detach(), mean = state.mean, square = state.square;
  const at::Tensor index = on_device(
      at::tensor(at::ArrayRef<std::int64_t>(rows.data(), rows.size()), at::kLong), values.device());
  const std::vector<at::Tensor> columns = columns_of(changes, values);
  const at::Tensor &rate = columns[0], &root = columns[1], &mean_decay = columns[2],
                   &square_decay = columns[3], &kept = columns[4], &share = columns[5];
  const at::Tensor own = values.index_select(0, index), own_mean = mean.index_select(0, index),
                   own_square = square.index_select(0, index);
  const at::Tensor move = rate * own_mean / (root * own_square.sqrt() + epsilon);
  if (state.average.defined()) {
    at::Tensor average = state.average;
    average.index_copy_(0, index,
                        kept * average.index_select(0, index) + (1 - kept) * own - share * move);
  }
  values.index_copy_(0, index, own - move);
  mean.index_copy_(0, index, own_mean * mean_decay);
  square.index_copy_(0, index, own_square * square_decay);
}

void adam_rows_by_aten(const AdamState& state, const at::Tensor& rows, const at::Tensor& gradient,
                       const kernels::AdamStep& step) {
  const at::NoGradGuard no_gradients;
  at::Tensor values = state.parameter.detach(), mean = state.mean, square = state.square;
  const at::Tensor own_mean = mean.index_select(0, rows).lerp(gradient, 1 - step.beta1);
  const at::Tensor own_square =
      step.beta2 * square.index_select(0, rows) + (1 - step.beta2) * gradient * gradient;
  const at::Tensor own = values.index_select(0, rows) -
                         step.rate * own_mean / (own_square.sqrt() / step.root + step.epsilon);
  values.index_copy_(0, rows, own);
  mean.index_copy_(0, rows, own_mean);
  square.index_copy_(0, rows, own_square);
  if (!state.average.defined()) return;
  at::Tensor average = state.average;
  average.index_copy_(0, rows, average.index_select(0, rows).lerp(own, 1 - step.average_decay));
}

}  // namespace fastformer::learn
