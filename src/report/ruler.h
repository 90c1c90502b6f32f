// One axis of a plot: where a value lies on it, and its ticks.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace fastformer::report {

enum class Scale { kLinear, kLogarithmic };

struct Axis {
  std::string label;
  Scale scale = Scale::kLinear;
  // The ends; unless low < high (and, on a logarithmic axis, 0 < low) they follow from the values.
  double low = 0;
  double high = 0;
};

struct Tick {
  double value = 0;
  std::string text;
};

class Ruler {
 public:
  // Ends that follow from `values` are ticks around all of them that count: finite, below 1e300 in
  // magnitude, and on a logarithmic axis positive. Without such values the axis ends at 0 and 1, a
  // logarithmic one at 1 and 10.
  Ruler(const Axis& axis, std::span<const double> values);

  double low() const { return low_; }
  double high() const { return high_; }
  // Whether the value has a place on the axis, inside its ends or not.
  bool takes(double value) const;
  // 0 at the low end, 1 at the high one.
  double place(double value) const;
  // From low to high, at 1, 2 or 5 times powers of ten; 1 to about 10 of them.
  std::vector<Tick> ticks() const;

 private:
  void follow(std::span<const double> values);
  std::vector<Tick> linear_ticks() const;
  std::vector<Tick> logarithmic_ticks() const;

  bool is_logarithmic_;
  double low_;
  double high_;
};

}  // namespace fastformer::report
