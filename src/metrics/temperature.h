// One number that makes a classifier's probabilities honest without changing what it predicts.
#pragma once

#include <vector>

#include "base/matrix_view.h"
#include "metrics/target_kind.h"

namespace fastformer::metrics {

// Temperatures that a fit may give.
inline constexpr double kLowestTemperature = 0.01;
inline constexpr double kHighestTemperature = 100;

// The temperature T whose probabilities of logits / T have the lowest mean cross entropy (Guo et
// al., 2017, section 4.2): of softmax for TargetKind::kSingle; for kMulti of sigmoid, summed over
// the labels. `logits` and `targets` are [rows, labels]. A target is the label's share: of kSingle
// 1 for the true label and 0 for the others, and 0 for all leaves the row out; of kMulti 1 for each
// true label. In 1 / T the cross entropy is convex, so Newton's method, kept inside a bracket by
// bisection, finds the one minimum; the sums run in the order of the rows, so that the same input
// gives the same bits.
//
// Where every row is right, the cross entropy alone would ask for T = 0 and for certainty. So one
// more row counts, as in Platt's scaling (1999): a row whose target is every class in equal parts
// (for kMulti one half of every label) and whose cross entropy is the mean of what such a target
// would cost at the rows there are. Among n rows it weighs 1 / (n + 1).
//
// 1 without rows that count, or where no logit makes a difference. Throws an Error on a logit that
// is not finite, a target outside [0, 1], and sizes that do not fit.
double fit_temperature(MatrixView<const float> logits, MatrixView<const float> targets,
                       TargetKind kind);

// Mean cross entropy in nats of the probabilities of logits / temperature over the rows that count;
// 0 without such rows.
double cross_entropy(MatrixView<const float> logits, MatrixView<const float> targets,
                     TargetKind kind, double temperature = 1);

// The same of each row that counts, in the order of the rows.
std::vector<double> cross_entropies(MatrixView<const float> logits, MatrixView<const float> targets,
                                    TargetKind kind);

}  // namespace fastformer::metrics
