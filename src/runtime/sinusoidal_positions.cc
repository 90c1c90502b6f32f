// A position is a block's and one within it, whose angles are added by the addition theorem: that
// takes four multiplications a pair where a sine takes dozens.
#include "runtime/sinusoidal_positions.h"

#include <algorithm>
#include <cmath>

#include "kernels/clones.h"

namespace fastformer::runtime {
namespace {

constexpr std::int64_t kBlock = 256;
constexpr std::int64_t kMost = std::int64_t{1} << 20;  // positions of which blocks are kept

struct Angles {
  const double *sines, *cosines;
};

// To pairs of elements the sines and cosines of the sums of angles.
FASTFORMER_CLONES void add_sums(Angles a, Angles b, std::int64_t pairs, float* row) {
  for (std::int64_t p = 0; p < pairs; ++p) {
    row[2 * p] += static_cast<float>(a.sines[p] * b.cosines[p] + a.cosines[p] * b.sines[p]);
    row[2 * p + 1] += static_cast<float>(a.cosines[p] * b.cosines[p] - a.sines[p] * b.sines[p]);
  }
}

}  // namespace

SinusoidalPositions::SinusoidalPositions(std::int64_t count, std::int64_t width)
    : count_(std::min(count, kMost)), width_(width) {
  for (std::int64_t p = 0; 2 * p < width; ++p) {
    frequencies_.push_back(
        std::exp(static_cast<double>(2 * p) * (-std::log(10000.0) / static_cast<double>(width))));
  }
  for (std::int64_t i = 0; i < std::min(count_, kBlock); ++i) append(i, near_);
  for (std::int64_t i = 0; i < count_; i += kBlock) append(i, blocks_);
}

void SinusoidalPositions::append(std::int64_t position, std::vector<double>& table) const {
  for (const double frequency : frequencies_) {
    table.push_back(std::sin(static_cast<double>(position) * frequency));
  }
  for (const double frequency : frequencies_) {
    table.push_back(std::cos(static_cast<double>(position) * frequency));
  }
}

void SinusoidalPositions::add(std::int64_t position, float* row) const {
  const auto pairs = static_cast<std::int64_t>(frequencies_.size());
  const auto angles = [pairs](const std::vector<double>& table, std::int64_t i) {
    const double* sines = table.data() + i * 2 * pairs;
    return Angles{sines, sines + pairs};
  };
  if (position >= count_) {
    std::vector<double> own;
    append(position, own);
    const Angles of = angles(own, 0);
    for (std::int64_t j = 0; j < width_; ++j) {
      row[j] += static_cast<float>((j % 2 == 0 ? of.sines : of.cosines)[j / 2]);
    }
    return;
  }
  const Angles near = angles(near_, position % kBlock), block = angles(blocks_, position / kBlock);
  add_sums(near, block, width_ / 2, row);
  if (width_ % 2 == 0) return;
  const std::int64_t p = width_ / 2;  // an odd width ends with a sine
  row[width_ - 1] +=
      static_cast<float>(near.sines[p] * block.cosines[p] + near.cosines[p] * block.sines[p]);
}

}  // namespace fastformer::runtime
