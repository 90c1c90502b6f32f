// torch's threads for kernels.
#pragma once

#include "base/parallel.h"

namespace fastformer::learn {

// Spreads ranges over the threads of at::set_num_threads, as ATen's own loops do.
ParallelFor torch_parallel_for();

}  // namespace fastformer::learn
