// The loop of sum_groups.
#include "kernels/row_gather.h"

#include <algorithm>

namespace fastformer::kernels {

template <typename T>
void sum_groups(const Grouping& grouping, MatrixView<const T> rows, MatrixView<T> sums,
                const ParallelFor& parallel_for) {
  constexpr std::int64_t kGroupsPerRange = 64;
  parallel_for(grouping.groups(), kGroupsPerRange, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t g = begin; g < end; ++g) {
      T* sum = sums.row(g);
      std::fill_n(sum, sums.columns, T(0));
      for (std::int32_t i = grouping.starts[g]; i < grouping.starts[g + 1]; ++i) {
        const T* row = rows.row(grouping.places[i]);
        for (std::int64_t j = 0; j < sums.columns; ++j) sum[j] += row[j];
      }
    }
  });
}

template void sum_groups<float>(const Grouping&, MatrixView<const float>, MatrixView<float>,
                                const ParallelFor&);
template void sum_groups<double>(const Grouping&, MatrixView<const double>, MatrixView<double>,
                                 const ParallelFor&);

}  // namespace fastformer::kernels
