// Sinusoidal position rows of any length of document.
#pragma once

#include <cstdint>
#include <vector>

namespace fastformer::runtime {

// Vaswani et al., 2017, section 3.5: of a position and each pair of elements, the sine and the
// cosine of position / 10000^(2 pair / width).
class SinusoidalPositions {
 public:
  SinusoidalPositions() = default;
  // Of positions [0, count); later ones are right, too, but slow.
  SinusoidalPositions(std::int64_t count, std::int64_t width);

  // Adds the row of `position` to `row` [width].
  void add(std::int64_t position, float* row) const;

 private:
  // The position's angles: sines, then cosines of all pairs.
  void append(std::int64_t position, std::vector<double>& table) const;

  std::int64_t count_ = 0, width_ = 0;
  std::vector<double> frequencies_;  // [pairs]
  std::vector<double> near_;         // [kBlock, 2, pairs]: of positions [0, kBlock)
  std::vector<double> blocks_;       // [blocks, 2, pairs]: of 0, kBlock, 2 kBlock, ..
};

}  // namespace fastformer::runtime
