// Round numbers for axes.
#include "report/ruler.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/strings.h"

namespace fastformer::report {
namespace {

constexpr double kLargest = 1e300;
constexpr double kSmallest = 1e-300;  // in magnitude, of what is not 0
constexpr double kMostTicks = 8;      // aimed at on a linear axis

// The smallest of 1, 2 and 5 times a power of ten that is at least `value`.
double round_up(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= value * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

// The largest of them that is at most `value`.
double round_down(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {10.0, 5.0, 2.0}) {
    if (factor * power <= value * (1 + 1e-9)) return factor * power;
  }
  return power;
}

double step_of(double low, double high) { return round_up((high - low) / kMostTicks); }

std::string significant(double value) {
  char buffer[32];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::general, 6);
  return std::string(buffer, end);
}

// As many digits as the step between ticks needs.
std::string tick_text(double value, double step) {
  const int digits = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  if (std::abs(value) >= 1e7 || digits > 6) return significant(value);
  return digits > 0 ? format_fixed(value, digits)
                    : format_count(static_cast<std::int64_t>(std::llround(value)));
}

}  // namespace

Ruler::Ruler(const Axis& axis, std::span<const double> values)
    : is_logarithmic_(axis.scale == Scale::kLogarithmic), low_(axis.low), high_(axis.high) {
  // Ends that are equal but for rounding have no room for ticks.
  const double width = high_ - low_, size = std::max(std::abs(low_), std::abs(high_));
  const bool is_given = takes(low_) && takes(high_) && width > std::max(size * 1e-9, kSmallest);
  if (!is_given) follow(values);
}

bool Ruler::takes(double value) const {
  return std::abs(value) < kLargest && (!is_logarithmic_ || value > kSmallest);
}

void Ruler::follow(std::span<const double> values) {
  low_ = std::numeric_limits<double>::infinity();
  high_ = -low_;
  for (const double value : values) {
    if (!takes(value)) continue;
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
  }
  if (low_ > high_) {
    low_ = is_logarithmic_ ? 1 : 0;
    high_ = is_logarithmic_ ? 10 : 1;
  }
  if (is_logarithmic_) {
    low_ = round_down(low_);
    high_ = std::max(round_up(high_), 2 * low_);
    return;
  }
  // Values that are equal but for rounding still need an axis with room for ticks.
  const double size = std::max(std::abs(low_), std::abs(high_));
  if (high_ - low_ <= std::max(size * 1e-6, kSmallest)) {
    const double margin = size <= kSmallest ? 1 : size / 2;
    low_ -= margin;
    high_ += margin;
  }
  const double step = step_of(low_, high_);
  low_ = std::floor(low_ / step + 1e-9) * step;
  high_ = std::ceil(high_ / step - 1e-9) * step;
}

double Ruler::place(double value) const {
  if (is_logarithmic_) return std::log(value / low_) / std::log(high_ / low_);
  return (value - low_) / (high_ - low_);
}

std::vector<Tick> Ruler::ticks() const {
  return is_logarithmic_ ? logarithmic_ticks() : linear_ticks();
}

std::vector<Tick> Ruler::linear_ticks() const {
  const double step = step_of(low_, high_);
  std::vector<Tick> ticks;
  const double slack = (high_ - low_) * 1e-9;
  for (double i = std::ceil((low_ - slack) / step); i * step <= high_ + slack; ++i) {
    const double value = i == 0 ? 0 : i * step;
    ticks.push_back({value, tick_text(value, step)});
  }
  return ticks;
}

std::vector<Tick> Ruler::logarithmic_ticks() const {
  const double decades = std::log10(high_ / low_);
  const int stride = std::max(1, static_cast<int>(std::ceil(decades / 10)));
  std::vector<double> factors = {1};
  if (decades <= 2.5) factors = {1, 2, 5};
  std::vector<Tick> ticks;
  const double slack = 1 + 1e-9;
  const int first = static_cast<int>(std::floor(std::log10(low_)));
  for (int power = first; std::pow(10, power) <= high_ * slack; power += stride) {
    for (const double factor : factors) {
      const double value = factor * std::pow(10, power);
      if (value < low_ / slack || value > high_ * slack) continue;
      ticks.push_back({value, tick_text(value, value)});
    }
  }
  return ticks;
}

}  // namespace fastformer::report
