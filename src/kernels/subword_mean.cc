// The loops of subword means.
#include "kernels/subword_mean.h"

#include <algorithm>
#include <vector>

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kWordsPerRange = 32;
constexpr std::int64_t kRowsPerRange = 64;

}  // namespace

template <typename T>
void add_subword_means(const SubwordRows& subwords, std::span<const std::int64_t> words,
                       MatrixView<const T> table, MatrixView<T> vectors,
                       const ParallelFor& parallel_for) {
  const auto count = static_cast<std::int64_t>(words.size());
  parallel_for(count, kWordsPerRange, [&](std::int64_t begin, std::int64_t end) {
    std::vector<T> sum(static_cast<std::size_t>(vectors.columns));
    for (std::int64_t i = begin; i < end; ++i) {
      const std::span<const std::int32_t> rows = subwords.of(words[i]);
      if (rows.empty()) continue;
      std::fill(sum.begin(), sum.end(), T(0));
      for (std::int32_t row : rows) {
        const T* source = table.row(row);
        for (std::int64_t j = 0; j < vectors.columns; ++j) sum[j] += source[j];
      }
      const T share = T(1) / static_cast<T>(rows.size());
      T* vector = vectors.row(i);
      for (std::int64_t j = 0; j < vectors.columns; ++j) vector[j] += share * sum[j];
    }
  });
}

Grouping group_subwords(const SubwordRows& subwords, std::span<const std::int64_t> words) {
  std::vector<std::int64_t> rows;
  for (std::int64_t word : words) {
    const std::span<const std::int32_t> own = subwords.of(word);
    rows.insert(rows.end(), own.begin(), own.end());
  }
  return group_equal(rows);
}

template <typename T>
void subword_means_backward(const SubwordRows& subwords, std::span<const std::int64_t> words,
                            const Grouping& grouping, MatrixView<const T> vectors_gradient,
                            MatrixView<T> table_gradient, const ParallelFor& parallel_for) {
  // Of each subword that occurs: whose it is, and its share in that word's vector.
  std::vector<std::int32_t> owner;
  owner.reserve(grouping.places.size());
  std::vector<T> share(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t own = subwords.of(words[i]).size();
    owner.insert(owner.end(), own, static_cast<std::int32_t>(i));
    share[i] = own > 0 ? T(1) / static_cast<T>(own) : T(0);
  }
  parallel_for(grouping.groups(), kRowsPerRange, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t g = begin; g < end; ++g) {
      T* sum = table_gradient.row(g);
      std::fill_n(sum, table_gradient.columns, T(0));
      for (std::int32_t n = grouping.starts[g]; n < grouping.starts[g + 1]; ++n) {
        const std::int32_t word = owner[grouping.places[n]];
        const T* source = vectors_gradient.row(word);
        const T weight = share[word];
        for (std::int64_t j = 0; j < table_gradient.columns; ++j) sum[j] += weight * source[j];
      }
    }
  });
}

#define FASTFORMER_INSTANTIATE(T)                                                              \
  template void add_subword_means<T>(const SubwordRows&, std::span<const std::int64_t>,        \
                                     MatrixView<const T>, MatrixView<T>, const ParallelFor&);  \
  template void subword_means_backward<T>(const SubwordRows&, std::span<const std::int64_t>,   \
                                          const Grouping&, MatrixView<const T>, MatrixView<T>, \
                                          const ParallelFor&);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels
