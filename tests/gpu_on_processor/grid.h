// A GPU's grid of threads on the processor. Threads are fibers of one thread of the system; each
// runs until it meets others. From block to block the order of threads is turned round, so that
// where one should have waited for another, the result is wrong in one of the two.
#pragma once

#include <cstddef>
#include <functional>

namespace fastformer::grid {

struct Extent {
  unsigned x = 1, y = 1, z = 1;
  Extent(unsigned x_in = 1, unsigned y_in = 1, unsigned z_in = 1) : x(x_in), y(y_in), z(z_in) {}
  std::size_t count() const { return std::size_t{x} * y * z; }
};

struct Place {
  Extent thread{0, 0, 0}, block{0, 0, 0}, blocks;
};
// The running thread's.
const Place& here();

struct Grid {
  const void* kernel;
  Extent blocks, threads;
  std::size_t block_memory;  // bytes, at first of NaN
};
// Calls `thread` for every thread of the grid. False, and nothing is called, where a GPU would
// refuse: without threads or blocks, with too many, or more memory than the kernel may have.
bool run(const Grid& grid, const std::function<void()>& thread);

// Until all threads of the block have come here or ended.
void meet_block();
// What the lane whose number differs by the bits of `step` calls this with.
float value_of_lane(float value, int step);

}  // namespace fastformer::grid
