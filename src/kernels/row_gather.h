// Sums of rows that belong together: the gradient of an embedding table.
#pragma once

#include "base/matrix_view.h"
#include "base/parallel.h"
#include "kernels/grouping.h"

namespace fastformer::kernels {

// sums [groups, width] of rows [items, width] over the items of each group, in their order: the
// result does not depend on the number of threads.
template <typename T>
void sum_groups(const Grouping& grouping, MatrixView<const T> rows, MatrixView<T> sums,
                const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
