// Tables, JSON and pictures of calibration.
#include "report/reliability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/random.h"
#include "base/strings.h"

namespace fastformer::report {
namespace {

using testing::HasSubstr;

ScoreReport some_scores() {
  Random random(1);
  std::vector<int> truth, predicted;
  std::vector<double> confidence;
  for (int i = 0; i < 200; ++i) {
    confidence.push_back(0.5 + random.uniform() / 2);
    truth.push_back(random.uniform() < confidence.back() ? 1 : 0);
    predicted.push_back(1);
  }
  return {metrics::calibration(truth, predicted, confidence, 10), 0.25, 0.5, 1.5};
}

TEST(ReliabilityTest, TheTableHasALinePerBinWithRows) {
  const std::string table = reliability_table(some_scores());
  const std::vector<std::string> lines = split(trim(table), '\n');
  ASSERT_EQ(lines.size(), 2u + 5u + 2u);
  EXPECT_THAT(lines[2], HasSubstr("0.500 - 0.600"));
  EXPECT_THAT(lines.back(), HasSubstr("Brier score 0.2500"));
  EXPECT_THAT(lines.back(), HasSubstr("(temperature 1.500)"));
  EXPECT_THAT(lines.back(), HasSubstr(format_fixed(some_scores().calibration.expected_error, 4)));
}

TEST(ReliabilityTest, JsonHoldsAllBinsAndNullsForEmptyOnes) {
  const ScoreReport scores = some_scores();
  const config::Json json = reliability_json(scores);
  EXPECT_DOUBLE_EQ(json["ece"], scores.calibration.expected_error);
  EXPECT_EQ(json["brier"], 0.25);
  ASSERT_EQ(json["bins"].size(), 10u);
  double error = 0;
  for (const config::Json& bin : json["bins"]) {
    if (bin["rows"] == 0) {
      EXPECT_TRUE(bin["accuracy"].is_null());
      continue;
    }
    const double gap = bin["accuracy"].get<double>() - bin["confidence"].get<double>();
    error += std::abs(gap) * bin["rows"].get<double>() / 200;
  }
  EXPECT_NEAR(error, scores.calibration.expected_error, 1e-12);
}

TEST(ReliabilityTest, ThePictureHasABarPerBinWithRows) {
  const std::string svg = reliability_plot(some_scores().calibration, "a <model>").svg();
  std::size_t bars = 0;
  for (std::size_t at = 0; (at = svg.find("fill-opacity", at)) != std::string::npos; ++at) ++bars;
  EXPECT_EQ(bars, 5u + 1u);  // and one in the legend
  EXPECT_THAT(svg, HasSubstr("a &lt;model&gt;"));
  EXPECT_THAT(svg, HasSubstr(">perfect<"));
}

}  // namespace
}  // namespace fastformer::report
