// Coverage and accuracy of a model that may abstain.
#include "metrics/selective.h"

#include "base/random.h"
#include "temporary_folder.h"

namespace fastformer::metrics {
namespace {

TEST(SelectiveTest, AgreesWithCountingAtEveryThreshold) {
  Random random(1);
  std::vector<int> truth, predicted;
  std::vector<double> score;
  for (int i = 0; i < 300; ++i) {
    truth.push_back(static_cast<int>(random.below(3)));
    predicted.push_back(static_cast<int>(random.below(3)));
    score.push_back(static_cast<double>(random.below(11)) / 10);
  }
  for (int step = 0; step <= 11; ++step) {
    const double least = static_cast<double>(step) / 10;
    double answered = 0, right = 0;
    for (std::size_t i = 0; i < score.size(); ++i) {
      if (score[i] < least) continue;
      ++answered;
      right += truth[i] == predicted[i];
    }
    const SelectiveResult result = selective_result(truth, predicted, score, least);
    EXPECT_EQ(result.rows, 300);
    EXPECT_EQ(static_cast<double>(result.answered), answered);
    EXPECT_DOUBLE_EQ(result.coverage, answered / 300);
    EXPECT_DOUBLE_EQ(result.accuracy, answered > 0 ? right / answered : 0) << least;
  }
}

TEST(SelectiveTest, RefusesWhatDoesNotFit) {
  const std::vector<int> one = {0};
  EXPECT_ERROR(selective_result({}, {}, {}, 0.5), "no rows");
  EXPECT_ERROR(selective_result(one, one, {}, 0.5), "0 scores");
  EXPECT_ERROR(selective_result(one, {}, std::vector{0.5}, 0.5), "0 predictions");
}

}  // namespace
}  // namespace fastformer::metrics
