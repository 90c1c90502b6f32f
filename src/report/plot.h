// Plots as SVG files: axes with ticks, lines, points and bars, a legend.
#pragma once

#include <string>
#include <vector>

#include "report/ruler.h"

namespace fastformer::report {

struct Point {
  double x = 0;
  double y = 0;
};

enum class Mark {
  kLine,    // a line with a dot at every point
  kDashes,  // a dashed line without dots
  kBars,    // a bar per point, from 0 (the low end of a logarithmic axis) to y
};

struct Series {
  std::string name;  // in the legend; an empty name is left out of it
  Mark mark = Mark::kLine;
  std::vector<Point> points;  // one that has no place on the axes interrupts a line
  double bar_width = 0;       // in units of x
};

class Plot {
 public:
  Plot(std::string title, Axis x, Axis y);

  // Later series are drawn over earlier ones.
  Plot& add(Series series);

  // A whole SVG document, which needs no other file; the same bytes for the same plot. Texts may
  // hold anything. What lies outside the axes is cut off.
  std::string svg() const;

 private:
  std::string title_;
  Axis x_;
  Axis y_;
  std::vector<Series> series_;
};

}  // namespace fastformer::report
