// The loops of Adam on rows.
#include "kernels/row_adam.h"

#include <cmath>

#include "kernels/clones.h"

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kRowsPerRange = 64;

template <typename T>
[[gnu::always_inline]] inline void apply(const AdamTable<T>& table, std::int64_t row,
                                         const IdleChange& change, T epsilon) {
  T* const values = table.values.row(row);
  T* const mean = table.mean.row(row);
  T* const square = table.square.row(row);
  const std::int64_t width = table.values.columns;
  const T rate = T(change.rate), root = T(change.root), mean_decay = T(change.mean_decay),
          square_decay = T(change.square_decay);
  if (table.average.data) {
    T* const average = table.average.row(row);
    const T kept = T(change.average_decay), taken = T(1 - change.average_decay),
            share = T(change.average_share);
    for (std::int64_t j = 0; j < width; ++j) {
      const T move = rate * mean[j] / (root * std::sqrt(square[j]) + epsilon);
      average[j] = kept * average[j] + taken * values[j] - share * move;
    }
  }
  if (change.rate == 0 && change.mean_decay == 1 && change.square_decay == 1) return;
  for (std::int64_t j = 0; j < width; ++j) {
    values[j] -= rate * mean[j] / (root * std::sqrt(square[j]) + epsilon);
    mean[j] *= mean_decay;
    square[j] *= square_decay;
  }
}

template <typename T>
[[gnu::always_inline]] inline void step(const AdamTable<T>& table, std::int64_t row,
                                        const T* gradient, const AdamStep& step) {
  T* const values = table.values.row(row);
  T* const mean = table.mean.row(row);
  T* const square = table.square.row(row);
  const std::int64_t width = table.values.columns;
  const T mean_share = T(1 - step.beta1), square_kept = T(step.beta2),
          square_share = T(1 - step.beta2);
  const T rate = T(step.rate), root = T(step.root), epsilon = T(step.epsilon);
  for (std::int64_t j = 0; j < width; ++j) {
    mean[j] += mean_share * (gradient[j] - mean[j]);
    square[j] = square_kept * square[j] + square_share * gradient[j] * gradient[j];
    values[j] -= rate * mean[j] / (std::sqrt(square[j]) / root + epsilon);
  }
  if (!table.average.data) return;
  T* const average = table.average.row(row);
  const T taken = T(1 - step.average_decay);
  for (std::int64_t j = 0; j < width; ++j) average[j] += taken * (values[j] - average[j]);
}

FASTFORMER_CLONES void apply_to_row(const AdamTable<float>& table, std::int64_t row,
                                    const IdleChange& change, double epsilon) {
  apply(table, row, change, static_cast<float>(epsilon));
}

FASTFORMER_CLONES void apply_to_row(const AdamTable<double>& table, std::int64_t row,
                                    const IdleChange& change, double epsilon) {
  apply(table, row, change, epsilon);
}

FASTFORMER_CLONES void step_row(const AdamTable<float>& table, std::int64_t row,
                                const float* gradient, const AdamStep& numbers) {
  step(table, row, gradient, numbers);
}

FASTFORMER_CLONES void step_row(const AdamTable<double>& table, std::int64_t row,
                                const double* gradient, const AdamStep& numbers) {
  step(table, row, gradient, numbers);
}

}  // namespace

template <typename T>
void apply_idle_changes(const AdamTable<T>& table, std::span<const std::int64_t> rows,
                        std::span<const IdleChange> changes, double epsilon,
                        const ParallelFor& parallel_for) {
  const auto count = static_cast<std::int64_t>(rows.size());
  parallel_for(count, kRowsPerRange, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) apply_to_row(table, rows[i], changes[i], epsilon);
  });
}

template <typename T>
void adam_rows(const AdamTable<T>& table, std::span<const std::int64_t> rows,
               MatrixView<const T> gradient, const AdamStep& step,
               const ParallelFor& parallel_for) {
  const auto count = static_cast<std::int64_t>(rows.size());
  parallel_for(count, kRowsPerRange, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) step_row(table, rows[i], gradient.row(i), step);
  });
}

#define FASTFORMER_INSTANTIATE(T)                                                               \
  template void apply_idle_changes<T>(const AdamTable<T>&, std::span<const std::int64_t>,       \
                                      std::span<const IdleChange>, double, const ParallelFor&); \
  template void adam_rows<T>(const AdamTable<T>&, std::span<const std::int64_t>,                \
                             MatrixView<const T>, const AdamStep&, const ParallelFor&);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels
