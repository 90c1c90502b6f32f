// Draws plots.
#include "report/plot.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "report/table.h"
#include "report/xml_text.h"

namespace fastformer::report {
namespace {

// Pixels. The inner part is where the series are drawn.
constexpr double kInnerWidth = 460;
constexpr double kInnerHeight = 320;
constexpr double kLeft = 96;
constexpr double kTop = 44;
constexpr double kBottom = 56;
constexpr double kRight = 24;
constexpr double kLetter = 7.5;  // width of a character of the legend
constexpr double kLegendLine = 20;
constexpr double kLegendMark = 30;
constexpr std::size_t kLongestName = 60;  // bytes

// Okabe and Ito's colours without their yellow, and two of Paul Tol's: people with any kind of
// colour vision can tell them apart.
constexpr const char* kColours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
                                    "#56b4e9", "#000000", "#882255", "#332288"};

std::string number(double value) { return format_fixed(value, 2); }

std::string attribute(const char* name, double value) {
  return std::string(" ") + name + "=\"" + number(value) + "\"";
}

std::string line(double x1, double y1, double x2, double y2, const std::string& style) {
  return "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) +
         attribute("y2", y2) + " " + style + "/>\n";
}

std::string text(double x, double y, const std::string& style, const std::string& content) {
  return "<text" + attribute("x", x) + attribute("y", y) + " " + style + ">" +
         xml_escaped(content) + "</text>\n";
}

// How a series is drawn, as no other of its plot is.
struct Look {
  std::string colour;
  std::string dashes;  // lengths of strokes and gaps; empty: a line without gaps
  bool has_dots = false;
  bool are_hollow = false;  // the dots
};

// Where colours come again, lines have gaps and dots are hollow: with each round a short stroke
// more.
Look look_of(std::size_t number, Mark mark) {
  const std::size_t round = number / std::size(kColours);
  Look look = {kColours[number % std::size(kColours)], "", mark == Mark::kLine, round > 0};
  if (mark == Mark::kDashes) look.dashes = "6 4";
  if (mark != Mark::kDashes && round > 0) look.dashes = "10 4";
  for (std::size_t i = mark == Mark::kDashes ? 0 : 1; i < round; ++i) look.dashes += " 2 4";
  return look;
}

std::string outline(const Look& look) {
  return " stroke=\"" + look.colour + "\"" +
         (look.dashes.empty() ? "" : " stroke-dasharray=\"" + look.dashes + "\"");
}

std::string stroke(const Look& look) { return "fill=\"none\" stroke-width=\"2\"" + outline(look); }

std::string dot(double x, double y, const Look& look) {
  return "<circle" + attribute("cx", x) + attribute("cy", y) + " r=\"3\" fill=\"" +
         (look.are_hollow ? "#ffffff\" stroke=\"" + look.colour : look.colour) + "\"/>\n";
}

// `shape`: the attributes of its rectangle.
std::string bar(const std::string& shape, const Look& look) {
  return "<rect" + shape + " fill=\"" + look.colour + "\" fill-opacity=\"0.6\"" + outline(look) +
         "/>\n";
}

// Series inside the axes, in pixels from the upper left corner of the inner part.
class Drawing {
 public:
  Drawing(const Ruler& x, const Ruler& y) : x_(x), y_(y) {}

  std::string draw(const Series& series, const Look& look) const {
    return series.mark == Mark::kBars ? bars(series, look) : lines(series, look);
  }

 private:
  bool has_place(const Point& point) const { return x_.takes(point.x) && y_.takes(point.y); }
  // Far outside a coordinate may stop: the line to it leaves the picture all the same.
  static double near(double pixels) { return std::clamp(pixels, -1e6, 1e6); }
  double across(double x) const { return near(x_.place(x) * kInnerWidth); }
  double down(double y) const { return near((1 - y_.place(y)) * kInnerHeight); }

  std::string bars(const Series& series, const Look& look) const {
    const double floor = y_.takes(0) ? down(0) : kInnerHeight;
    std::string drawn;
    for (const Point& point : series.points) {
      const double from = point.x - series.bar_width / 2, to = point.x + series.bar_width / 2;
      if (!has_place(point) || !x_.takes(from) || !x_.takes(to)) continue;
      const double top = down(point.y);
      drawn += bar(attribute("x", across(from)) + attribute("y", std::min(top, floor)) +
                       attribute("width", std::max(0.0, across(to) - across(from))) +
                       attribute("height", std::max(top, floor) - std::min(top, floor)),
                   look);
    }
    return drawn;
  }

  std::string lines(const Series& series, const Look& look) const {
    std::string drawn, run, dots;
    const auto end_run = [&] {
      if (!run.empty()) drawn += "<polyline points=\"" + run + "\" " + stroke(look) + "/>\n";
      run.clear();
    };
    for (const Point& point : series.points) {
      if (!has_place(point)) {
        end_run();
        continue;
      }
      const double x = across(point.x), y = down(point.y);
      run += (run.empty() ? "" : " ") + number(x) + "," + number(y);
      if (look.has_dots) dots += dot(x, y, look);
    }
    end_run();
    return drawn + dots;
  }

  const Ruler& x_;
  const Ruler& y_;
};

std::vector<double> values_across(const std::vector<Series>& all) {
  std::vector<double> values;
  for (const Series& series : all) {
    for (const Point& point : series.points) {
      values.push_back(point.x - series.bar_width / 2);
      values.push_back(point.x + series.bar_width / 2);
    }
  }
  return values;
}

std::vector<double> values_up(const std::vector<Series>& all) {
  std::vector<double> values;
  for (const Series& series : all) {
    if (series.mark == Mark::kBars) values.push_back(0);
    for (const Point& point : series.points) values.push_back(point.y);
  }
  return values;
}

std::string grid(const Ruler& x, const Ruler& y) {
  const std::string thin = "stroke=\"#dddddd\"";
  std::string drawn;
  for (const Tick& tick : x.ticks()) {
    const double at = kLeft + x.place(tick.value) * kInnerWidth;
    drawn += line(at, kTop, at, kTop + kInnerHeight + 5, thin);
    drawn += text(at, kTop + kInnerHeight + 19, "text-anchor=\"middle\"", tick.text);
  }
  for (const Tick& tick : y.ticks()) {
    const double at = kTop + (1 - y.place(tick.value)) * kInnerHeight;
    drawn += line(kLeft - 5, at, kLeft + kInnerWidth, at, thin);
    drawn += text(kLeft - 9, at + 4, "text-anchor=\"end\"", tick.text);
  }
  return drawn;
}

std::string frame(const std::string& title, const Axis& x, const Axis& y) {
  const double middle = kLeft + kInnerWidth / 2, height = kTop + kInnerHeight / 2;
  return "<rect" + attribute("x", kLeft) + attribute("y", kTop) + attribute("width", kInnerWidth) +
         attribute("height", kInnerHeight) + " fill=\"none\" stroke=\"#444444\"/>\n" +
         text(middle, 26, "text-anchor=\"middle\" font-size=\"15\"", title) +
         text(middle, kTop + kInnerHeight + 42, "text-anchor=\"middle\"", x.label) +
         text(0, 0,
              "text-anchor=\"middle\" transform=\"translate(18 " + number(height) +
                  ") rotate(-90)\"",
              y.label);
}

std::string legend_name(const Series& series) { return printable(series.name, kLongestName); }

std::string legend(const std::vector<Series>& all, const std::vector<Look>& looks) {
  const double left = kLeft + kInnerWidth + 16;
  double top = kTop + 10;
  std::string drawn;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name.empty()) continue;
    if (all[i].mark == Mark::kBars) {
      drawn += bar(attribute("x", left) + attribute("y", top - 6) + " width=\"22\" height=\"12\"",
                   looks[i]);
    } else {
      drawn += line(left, top, left + 22, top, stroke(looks[i]));
      if (looks[i].has_dots) drawn += dot(left + 11, top, looks[i]);
    }
    drawn += text(left + kLegendMark, top + 4, "text-anchor=\"start\"", legend_name(all[i]));
    top += kLegendLine;
  }
  return drawn;
}

}  // namespace

Plot::Plot(std::string title, Axis x, Axis y)
    : title_(std::move(title)), x_(std::move(x)), y_(std::move(y)) {}

Plot& Plot::add(Series series) {
  series_.push_back(std::move(series));
  return *this;
}

std::string Plot::svg() const {
  const Ruler x(x_, values_across(series_)), y(y_, values_up(series_));
  std::vector<Look> looks;
  double width = kLeft + kInnerWidth + kRight, height = kTop + kInnerHeight + kBottom;
  double named = 0;
  for (const Series& series : series_) {
    looks.push_back(look_of(looks.size(), series.mark));
    if (series.name.empty()) continue;
    ++named;
    const double letters = display_width(legend_name(series));
    width =
        std::max(width, kLeft + kInnerWidth + 16 + kLegendMark + kLetter * letters + kRight / 2);
  }
  height = std::max(height, kTop + 10 + kLegendLine * named + 10);
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"" + attribute("width", width) +
                    attribute("height", height) + " viewBox=\"0 0 " + number(width) + " " +
                    number(height) + "\" role=\"img\" font-family=\"sans-serif\" " +
                    "font-size=\"12\" fill=\"#222222\">\n<title>" + xml_escaped(title_) +
                    "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  svg += grid(x, y);
  svg += "<svg" + attribute("x", kLeft) + attribute("y", kTop) + attribute("width", kInnerWidth) +
         attribute("height", kInnerHeight) + " overflow=\"hidden\">\n";
  const Drawing drawing(x, y);
  for (std::size_t i = 0; i < series_.size(); ++i) svg += drawing.draw(series_[i], looks[i]);
  return svg + "</svg>\n" + frame(title_, x_, y_) + legend(series_, looks) + "</svg>\n";
}

}  // namespace fastformer::report
