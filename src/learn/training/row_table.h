// Adam on a table whose gradient has few rows: the cost follows those rows, not the table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/row_adam.h"
#include "learn/precompiled.h"
#include "learn/training/checkpoint.h"
#include "learn/training/idle_steps.h"

namespace fastformer::learn {

// Adam's state of one tensor; `average` is the running average of its values where one is kept.
struct AdamState {
  at::Tensor parameter, mean, square, average;
};

// Keeps, for each row, the step at which it was last brought up to date, and brings it up to date
// when that is asked for or when its next gradient comes.
class RowTable {
 public:
  // `state`'s tensors are shared, not copied; `step`: up to which all rows are up to date.
  RowTable(AdamState state, std::int64_t step);

  // Brings distinct rows up to the last step made.
  void catch_up(std::span<const std::int64_t> rows, const IdleSteps& idle, double epsilon);
  // The step after the last one made, with the rows of a coalesced sparse gradient.
  void update(const at::Tensor& gradient, const IdleSteps& idle, const kernels::AdamStep& step);

  // The step up to which each row is up to date, int64 [rows], and the way back.
  at::Tensor touched() const;
  void set_touched(const Checkpoint& state, const std::string& name, std::int64_t last_step);

 private:
  // Rows are up to date up to `step`.
  void mark(std::span<const std::int64_t> rows, std::int64_t step);

  AdamState state_;
  std::vector<std::int64_t> touched_;  // by row
};

// What the kernels of kernels/row_adam.h do, from ATen operations alone, on any device.
void apply_idle_changes_by_aten(const AdamState& state, std::span<const std::int64_t> rows,
                                std::span<const kernels::IdleChange> changes, double epsilon);
void adam_rows_by_aten(const AdamState& state, const at::Tensor& rows, const at::Tensor& gradient,
                       const kernels::AdamStep& step);

}  // namespace fastformer::learn
