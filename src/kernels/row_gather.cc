// Sorts tokens by id and adds up their gradients.
#include "kernels/row_gather.h"

#include <algorithm>

namespace fastformer::kernels {

template <typename T>
RowGradient<T> sum_rows_by_id(std::span<const std::int64_t> ids, MatrixView<const T> gradient,
                              const ParallelFor& parallel_for) {
  // (id, token) in one word sorts by id and keeps the tokens in order.
  std::vector<std::uint64_t> order(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    order[i] = static_cast<std::uint64_t>(ids[i]) << 32 | i;
  }
  std::sort(order.begin(), order.end());

  RowGradient<T> sum;
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && order[i] >> 32 == order[i - 1] >> 32) continue;
    first.push_back(i);
    sum.rows.push_back(static_cast<std::int64_t>(order[i] >> 32));
  }
  first.push_back(order.size());

  const std::int64_t width = gradient.columns;
  sum.values.assign(sum.rows.size() * static_cast<std::size_t>(width), T(0));
  const auto rows = static_cast<std::int64_t>(sum.rows.size());
  parallel_for(rows, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      T* target = sum.values.data() + r * width;
      for (std::size_t i = first[r]; i < first[r + 1]; ++i) {
        const T* source = gradient.row(static_cast<std::int64_t>(order[i] & 0xffffffff));
        for (std::int64_t j = 0; j < width; ++j) target[j] += source[j];
      }
    }
  });
  return sum;
}

template RowGradient<float> sum_rows_by_id<float>(std::span<const std::int64_t>,
                                                  MatrixView<const float>, const ParallelFor&);
template RowGradient<double> sum_rows_by_id<double>(std::span<const std::int64_t>,
                                                    MatrixView<const double>, const ParallelFor&);

}  // namespace fastformer::kernels
