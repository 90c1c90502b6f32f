// How well predicted classes agree with the true ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fastformer::metrics {

// Shares between 0 and 1. A share of nothing (no prediction, no true example) counts as 0.
struct Scores {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};

struct ClassResult {
  std::int64_t support = 0;    // examples whose true class this is
  std::int64_t predicted = 0;  // examples that were given this class
  std::int64_t correct = 0;    // both
  Scores scores;
};

// Sets the scores of every class from its counts, and their means: over the classes that occur in
// the truth or in the predictions, and weighted by support. Returns the sum of the counts, with its
// scores.
ClassResult average_classes(std::vector<ClassResult>& classes, Scores& macro, Scores& weighted);

// One non-empty cell of the confusion matrix.
struct ConfusionCell {
  int truth = 0;
  int predicted = 0;
  std::int64_t count = 0;
};

struct ClassificationResult {
  std::int64_t examples = 0;
  double accuracy = 0;
  Scores macro;     // mean over the classes that occur in the truth or in the predictions
  Scores micro;     // of the summed counts; one class per example makes all three the accuracy
  Scores weighted;  // mean over classes, weighted by support
  std::vector<ClassResult> classes;
  std::vector<ConfusionCell> confusion;  // by true class, then by predicted class

  // Examples of true class `truth` that were given the class `predicted`.
  std::int64_t confused(int truth, int predicted) const;
};

// Compares two lists of class indices, one entry per example, each in [0, classes). Throws an
// Error on no examples, lists of different sizes, and indices out of range.
ClassificationResult classification_result(std::span<const int> truth,
                                           std::span<const int> predicted, int classes);

}  // namespace fastformer::metrics
