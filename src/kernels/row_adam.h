// Adam on some rows of a table: a step, and what steps without a gradient did to a row meanwhile.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// A table's values and Adam's state of them, [rows, width] each.
template <typename T>
struct AdamTable {
  MatrixView<T> values, mean, square;
  MatrixView<T> average;  // running average of the values, or no data when none is kept
};

// What a number of steps without a gradient does to a row. With
//   move = rate mean / (root sqrt(square) + epsilon),
//   average <- average_decay average + (1 - average_decay) values - average_share move
//   values  <- values - move,   mean <- mean_decay mean,   square <- square_decay square
struct IdleChange {
  double rate = 0;
  double root = 1;
  double mean_decay = 1;
  double square_decay = 1;
  double average_decay = 1;
  double average_share = 0;
};

// Numbers of one step of Adam (Kingma and Ba, 2015, algorithm 1).
struct AdamStep {
  double rate = 0;  // learning rate / (1 - beta1^t)
  double root = 1;  // sqrt(1 - beta2^t)
  double beta1 = 0;
  double beta2 = 0;
  double epsilon = 0;
  double average_decay = 0;
};

// Applies changes[i] to the row rows[i]; the rows are distinct.
template <typename T>
void apply_idle_changes(const AdamTable<T>& table, std::span<const std::int64_t> rows,
                        std::span<const IdleChange> changes, double epsilon,
                        const ParallelFor& parallel_for);

// One step of the rows with their gradients [rows, width], and of their average.
template <typename T>
void adam_rows(const AdamTable<T>& table, std::span<const std::int64_t> rows,
               MatrixView<const T> gradient, const AdamStep& step, const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
