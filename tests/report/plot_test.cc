// Axes, shapes and safety of SVG plots.
#include "report/plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <set>

#include "base/random.h"
#include "base/strings.h"
#include "report/xml_text.h"

namespace fastformer::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

// Checks that tags nest and close, and that attributes are quoted and nothing else holds '<' or '&'
// that begins no entity; returns what is wrong.
std::string xml_problem(const std::string& text) {
  std::vector<std::string> open;
  std::size_t at = 0;
  while (at < text.size()) {
    const unsigned char c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 && c != '\n' && c != '\t') return "control character";
    if (c == '&') {
      const std::size_t end = text.find(';', at);
      if (end == std::string::npos || end - at > 6) return "bare &";
    }
    if (c != '<') {
      ++at;
      continue;
    }
    const std::size_t end = text.find('>', at);
    if (end == std::string::npos) return "tag never ends";
    const std::string tag = text.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos) return "< inside a tag";
    if (count(tag, "\"") % 2 != 0) return "odd quotes in " + tag;
    const std::string name = split(tag, ' ')[0];
    if (tag.starts_with("/")) {
      if (open.empty() || "/" + open.back() != name) return "unexpected " + tag;
      open.pop_back();
    } else if (!tag.ends_with("/")) {
      open.push_back(name);
    }
    at = end + 1;
  }
  return open.empty() ? "" : "unclosed " + open.back();
}

Plot sample_plot(const std::string& title = "speed") {
  Plot plot(title, {"length"}, {"rows"});
  plot.add({"ours", Mark::kLine, {{1, 2}, {2, 4}, {3, 3}}});
  plot.add({"bound", Mark::kDashes, {{1, 1}, {3, 5}}});
  plot.add({"counts", Mark::kBars, {{1, 3}, {2, 1}}, 0.8});
  return plot;
}

TEST(PlotTest, DrawsEverySeriesAndTheLegend) {
  const std::string svg = sample_plot().svg();
  EXPECT_EQ(xml_problem(svg), "");
  EXPECT_EQ(count(svg, "<polyline"), 2);
  EXPECT_EQ(count(svg, "stroke-dasharray"), 2);  // the line and its mark in the legend
  EXPECT_EQ(count(svg, "<circle"), 4);           // likewise
  for (const char* word : {">speed<", ">length<", ">rows<", ">ours<", ">bound<", ">counts<"}) {
    EXPECT_THAT(svg, HasSubstr(word));
  }
  EXPECT_EQ(sample_plot().svg(), svg);
}

// What the legend shows for each series, without its places.
std::vector<std::string> looks_of(const std::string& svg) {
  std::vector<std::string> looks;
  std::string drawn;
  for (const std::string& line : split(svg.substr(svg.rfind("rotate(-90)")), '\n')) {
    if (line.starts_with("<text")) {
      looks.push_back(drawn);
      drawn.clear();
    } else if (const std::size_t at = line.find(" fill="); at != std::string::npos) {
      drawn += line.substr(0, line.find(' ')) + line.substr(at);
    }
  }
  return looks;
}

TEST(PlotTest, NoTwoSeriesLookTheSame) {
  Plot plot("many", {"x"}, {"y"});
  constexpr std::size_t kSeries = 90;
  for (std::size_t i = 0; i < kSeries; ++i) {
    // Every kind of mark in every colour.
    const Mark mark = std::array{Mark::kLine, Mark::kDashes, Mark::kBars}[i / 2 % 3];
    plot.add({"s" + std::to_string(i), mark, {{1, 1}, {2, 2}}, 0.5});
  }
  const std::vector<std::string> looks = looks_of(plot.svg());
  EXPECT_EQ(looks.size(), kSeries);
  EXPECT_EQ(std::set<std::string>(looks.begin(), looks.end()).size(), kSeries);
}

TEST(PlotTest, EightCurvesHaveEightColours) {
  Plot plot("curves", {"x"}, {"y"});
  for (int i = 0; i < 8; ++i) plot.add({"c", Mark::kLine, {{1, 1}, {2, 2}}});
  EXPECT_EQ(count(plot.svg(), "stroke-dasharray"), 0);
  const std::vector<std::string> looks = looks_of(plot.svg());
  EXPECT_EQ(std::set<std::string>(looks.begin(), looks.end()).size(), 8U);
}

TEST(PlotTest, HostileTextStaysText) {
  const std::string evil = "</text><script>&\"'\x1b\xff\xed\xa0\x80 \xc3\xa4\n";
  Plot plot(evil, {evil}, {evil});
  plot.add({evil, Mark::kLine, {{0, 0}, {1, 1}}});
  const std::string svg = plot.svg();
  EXPECT_EQ(xml_problem(svg), "");
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, Not(HasSubstr("\xff")));
  EXPECT_THAT(svg, HasSubstr("\xc3\xa4"));
}

TEST(PlotTest, OddNumbersLeaveAValidPicture) {
  const std::vector<double> odd = {0,         -1,   1e-320, 1e308,      -1e308, kNan,
                                   kInfinity, 1e20, 1e-20,  -kInfinity, 5,      5 + 1e-15};
  Random random(3);
  for (std::size_t round = 0; round < 8 * odd.size() * odd.size(); ++round) {
    const auto draw = [&] { return odd[random.below(odd.size())]; };
    // Every pair of ends on every pair of scales, and as often none.
    Axis x{"x"}, y{"y"};
    x.scale = round % 2 == 0 ? Scale::kLinear : Scale::kLogarithmic;
    y.scale = round / 2 % 2 == 0 ? Scale::kLinear : Scale::kLogarithmic;
    if (round / 4 % 2 == 0) {
      x.low = y.high = odd[round / 8 % odd.size()];
      x.high = y.low = odd[round / 8 / odd.size()];
    }
    Plot plot("odd", x, y);
    for (const Mark mark : {Mark::kLine, Mark::kDashes, Mark::kBars}) {
      Series series{"s", mark, {}, draw()};
      for (std::uint64_t i = random.below(4); i > 0; --i) series.points.push_back({draw(), draw()});
      plot.add(series);
    }
    const std::string svg = plot.svg();
    ASSERT_EQ(xml_problem(svg), "") << round;
    ASSERT_THAT(svg, Not(HasSubstr("nan"))) << round;
    ASSERT_THAT(svg, Not(HasSubstr("inf"))) << round;
    ASSERT_LT(svg.size(), 30000u) << round;
  }
}

TEST(PlotTest, AMissingPointInterruptsTheLine) {
  Plot plot("gap", {"x"}, {"y"});
  plot.add({"", Mark::kLine, {{1, 1}, {2, 1}, {3, kNan}, {4, 1}, {5, 1}}});
  EXPECT_EQ(count(plot.svg(), "<polyline"), 2);
  EXPECT_EQ(count(plot.svg(), "<circle"), 4);
}

TEST(RulerTest, TicksAreRoundInsideTheEndsAndRise) {
  Random random(4);
  for (int round = 0; round < 2000; ++round) {
    const bool is_log = random.below(2) == 1;
    std::vector<double> values;
    for (int i = 0; i < 5; ++i) {
      const double size = std::pow(10, 8 * random.uniform() - 4);
      values.push_back(is_log ? size : size * random.normal());
    }
    const Ruler ruler({"", is_log ? Scale::kLogarithmic : Scale::kLinear}, values);
    const std::vector<Tick> ticks = ruler.ticks();
    ASSERT_GE(ticks.size(), 2u);
    ASSERT_LE(ticks.size(), 12u);
    for (const double value : values) {
      ASSERT_GE(ruler.place(value), -1e-9);
      ASSERT_LE(ruler.place(value), 1 + 1e-9);
    }
    for (std::size_t i = 0; i < ticks.size(); ++i) {
      ASSERT_GE(ruler.place(ticks[i].value), -1e-9);
      ASSERT_LE(ruler.place(ticks[i].value), 1 + 1e-9);
      ASSERT_LE(ticks[i].text.size(), 12u) << ticks[i].text;
      if (i == 0) continue;
      ASSERT_NE(ticks[i].text, ticks[i - 1].text);
      ASSERT_GT(ticks[i].value, ticks[i - 1].value);
    }
  }
}

TEST(RulerTest, KeepsTheEndsThatAreGiven) {
  const Ruler ruler({"", Scale::kLinear, 0, 1}, std::vector<double>{0.3, 17});
  EXPECT_EQ(ruler.low(), 0);
  EXPECT_EQ(ruler.high(), 1);
  std::vector<std::string> texts;
  for (const Tick& tick : ruler.ticks()) texts.push_back(tick.text);
  EXPECT_EQ(texts, (std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
}

TEST(RulerTest, LogarithmicTicksStandAtEqualFactors) {
  const Ruler ruler({"", Scale::kLogarithmic}, std::vector<double>{3, 16384});
  EXPECT_DOUBLE_EQ(ruler.low(), 2);
  EXPECT_DOUBLE_EQ(ruler.high(), 20000);
  EXPECT_NEAR(ruler.place(1000) - ruler.place(100), ruler.place(100) - ruler.place(10), 1e-12);
  std::vector<std::string> texts;
  for (const Tick& tick : ruler.ticks()) texts.push_back(tick.text);
  EXPECT_EQ(texts, (std::vector<std::string>{"10", "100", "1,000", "10,000"}));
}

TEST(XmlTextTest, EveryByteStringBecomesValidText) {
  Random random(5);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (std::uint64_t i = random.below(20); i > 0; --i) {
      bytes += static_cast<char>(random.below(4) ? random.below(128) : random.below(256));
    }
    const std::string text = xml_escaped(bytes);
    ASSERT_EQ(xml_problem("<a>" + text + "</a>"), "");
    ASSERT_EQ(text.find_first_of("<>\"'"), std::string::npos);
  }
  EXPECT_EQ(xml_escaped("\xef\xbf\xbe"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // U+FFFE
  EXPECT_EQ(xml_escaped("a\xf0\x9f\x98\x80"), "a\xf0\x9f\x98\x80");
}

}  // namespace
}  // namespace fastformer::report
