// Tables, plots and the page of a comparison.
#include "report/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace fastformer::report {
namespace {

using testing::HasSubstr;
using testing::Not;

Comparison some_comparison() {
  Comparison comparison;
  comparison.models.push_back({"a<b>",
                               {0.9, 0.8},
                               {0.7, 0.7},
                               {1000, 3000},
                               {5000},
                               200'000'000,
                               100'000'000,
                               1234567,
                               2e6});
  comparison.models.emplace_back().name = "none yet";
  comparison.curves.push_back({"a<b>", true, {{128, 1e6, 50'000'000}, {512, 5e5, 70'000'000}}});
  comparison.curves.push_back({"slow", true, {{128, 1e5, 60'000'000}}});
  comparison.notes = {"slow, training: over 1 s & \"more\""};
  comparison.facts = {{"processor", "<script>alert(1)</script>"}};
  comparison.options = {{"epochs", "4"}, {"train", std::string(300, 'x')}};
  return comparison;
}

TEST(ComparisonTest, MeanAndSpread) {
  EXPECT_EQ(mean_and_spread({}, 2), "-");
  EXPECT_EQ(mean_and_spread({0.5}, 2), "0.50");
  EXPECT_EQ(mean_and_spread({1, 2, 3}, 1), "2.0 ± 1.0");
}

TEST(ComparisonTest, Tables) {
  const std::string models = models_table(some_comparison()).text();
  EXPECT_THAT(models, HasSubstr("0.8500 ± 0.0707"));
  EXPECT_THAT(models, HasSubstr("1,234,567"));
  EXPECT_THAT(models, HasSubstr("2,000"));
  EXPECT_THAT(models, HasSubstr("none yet      0  "));
  const std::string times = sweep_table(some_comparison(), true, Told::kTime).text();
  EXPECT_EQ(times,
            "tokens     128    512\n"
            "------  ------  -----\n"
            "a<b>     1.000  2.000\n"
            "slow    10.000      -\n");
  EXPECT_TRUE(has_sweep(some_comparison(), true));
  EXPECT_FALSE(has_sweep(some_comparison(), false));
}

TEST(ComparisonTest, PlotsOfWhatThereIs) {
  std::vector<std::string> names;
  for (const auto& [name, plot] : comparison_plots(some_comparison())) {
    names.push_back(name);
    EXPECT_THAT(plot.svg(), HasSubstr("a&lt;b&gt;"));
  }
  EXPECT_THAT(names,
              testing::ElementsAre("accuracy.svg", "training-time.svg", "training-memory.svg"));
  EXPECT_TRUE(comparison_plots({}).empty());
}

TEST(ComparisonTest, ThePageIsWholeAndEscaped) {
  const std::string page = comparison_page(some_comparison()).html();
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>"));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("over 1 s &amp; &quot;more&quot;"));
  EXPECT_THAT(page, HasSubstr("<svg"));
  EXPECT_THAT(page, Not(HasSubstr("href")));
  EXPECT_THAT(page, HasSubstr("<tr><td>epochs</td><td>4</td></tr>"));
  EXPECT_THAT(page, HasSubstr("overflow-wrap:anywhere"));
  EXPECT_THAT(page, HasSubstr("<h1>Comparison of encoders</h1>"));
}

TEST(ComparisonTest, Json) {
  const config::Json json = comparison_json(some_comparison());
  EXPECT_DOUBLE_EQ(json["models"][0]["accuracy"]["mean"].get<double>(), 0.85);
  EXPECT_TRUE(json["models"][1]["accuracy"].is_null());
  EXPECT_EQ(json["sweep"][1]["points"].size(), 1U);
  EXPECT_EQ(json["sweep"][0]["of"], "training");
  EXPECT_EQ(json["options"]["epochs"], "4");
}

}  // namespace
}  // namespace fastformer::report
