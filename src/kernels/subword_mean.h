// Vectors that words share by their subwords: means of a table's rows, forward and backward.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix_view.h"
#include "base/parallel.h"
#include "kernels/grouping.h"

namespace fastformer::kernels {

// Rows of a subword table, word by word: word w has rows[offsets[w] .. offsets[w + 1]).
struct SubwordRows {
  std::span<const std::int64_t> offsets;  // [words + 1]
  std::span<const std::int32_t> rows;     // a row may stand there several times

  std::span<const std::int32_t> of(std::int64_t word) const {
    return rows.subspan(offsets[word], offsets[word + 1] - offsets[word]);
  }
};

// Adds to row i of `vectors` [words, width] the mean of table's rows of the subwords of words[i]; a
// word without subwords gets nothing.
template <typename T>
void add_subword_means(const SubwordRows& subwords, std::span<const std::int64_t> words,
                       MatrixView<const T> table, MatrixView<T> vectors,
                       const ParallelFor& parallel_for);

// The subwords of all `words`, one after the other, brought together.
Grouping group_subwords(const SubwordRows& subwords, std::span<const std::int64_t> words);

// Gradient of the table's rows grouping.values from that of `vectors`: [groups, width]. `grouping`
// is that of the words. The result does not depend on the number of threads.
template <typename T>
void subword_means_backward(const SubwordRows& subwords, std::span<const std::int64_t> words,
                            const Grouping& grouping, MatrixView<const T> vectors_gradient,
                            MatrixView<T> table_gradient, const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
