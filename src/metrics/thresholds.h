// From which probability on a label is given to a document.
#pragma once

#include <vector>

#include "base/matrix_view.h"

namespace fastformer::metrics {

// A threshold and what it brings on the rows it was fitted to.
struct CommonThreshold {
  double threshold = 0.5;
  double f1 = 0;  // of the counts summed over all labels
};

// The one threshold for all labels under which the summed counts have the highest F1: labels are
// given where the score is at least the threshold. `scores` (probabilities, or logits: the order
// counts) and `targets` (true where above 0) are [rows, labels]. Midway between two scores; of
// equals the highest. 0.5 where no target is true.
CommonThreshold fit_common_threshold(MatrixView<const double> scores,
                                     MatrixView<const float> targets);

// Labels that are true in fewer rows share the common threshold: an F1 of few rows says little.
inline constexpr int kFewestPositives = 10;

// Each label's own threshold with the highest F1 of that label, or the common one.
std::vector<double> fit_thresholds(MatrixView<const double> scores,
                                   MatrixView<const float> targets);

}  // namespace fastformer::metrics
