// Compiled with OpenMP, without which ATen/Parallel.h runs everything on the calling thread.
#include "learn/torch_threads.h"

#include <ATen/Parallel.h>

#ifndef INTRA_OP_PARALLEL
#error "this file has to be compiled as libtorch was, with OpenMP: see CMakeLists.txt"
#endif

namespace fastformer::learn {

ParallelFor torch_parallel_for() {
  return [](std::int64_t count, std::int64_t grain,
            const std::function<void(std::int64_t, std::int64_t)>& body) {
    at::parallel_for(0, count, grain, body);
  };
}

}  // namespace fastformer::learn
