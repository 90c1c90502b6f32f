// One number that makes a classifier's probabilities honest without changing what it predicts.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix_view.h"

namespace fastformer::metrics {

// Temperatures that a fit may give.
inline constexpr double kLowestTemperature = 0.01;
inline constexpr double kHighestTemperature = 100;

// The temperature T whose softmax(logits / T) has the lowest mean cross entropy (Guo et al., 2017,
// section 4.2). `logits` is [rows, classes]; `labels` holds each row's class, and rows with -1 are
// left out. In 1 / T the cross entropy is convex, so Newton's method, kept inside a bracket by
// bisection, finds the one minimum; the sums run in the order of the rows, so that the same input
// gives the same bits.
//
// Where every row is right, the cross entropy alone would ask for T = 0 and for certainty. So one
// more row counts, as in Platt's scaling (1999): a row whose label is every class in equal parts
// and whose cross entropy is the mean of what such a label would cost at the rows there are. Among
// n rows it weighs 1 / (n + 1).
//
// 1 without labelled rows, or where every row's logits are all equal. Throws an Error on a logit
// that is not finite, a label that is no class, and sizes that do not fit.
double fit_temperature(MatrixView<const float> logits, std::span<const std::int64_t> labels);

// Mean cross entropy in nats of softmax(logits / temperature) over the rows whose label is not -1;
// 0 without such rows.
double cross_entropy(MatrixView<const float> logits, std::span<const std::int64_t> labels,
                     double temperature = 1);

}  // namespace fastformer::metrics
