// The loops of the convolution: documents are shared out forward, channels for the taps' gradient.
#include "kernels/depthwise_convolution.h"

#include <algorithm>

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kDocumentsPerRange = 8;
constexpr std::int64_t kChannelsPerRange = 32;

// Calls body(i, n, k) for each token i of [first, last) and each neighbour n that it has in its
// document [begin, end) under tap k.
template <typename Body>
void for_each_neighbour(std::int64_t first, std::int64_t last, std::int64_t begin, std::int64_t end,
                        std::int64_t taps, const Body& body) {
  const std::int64_t reach = taps / 2;
  for (std::int64_t i = first; i < last; ++i) {
    const std::int64_t stop = std::min(end, i + reach + 1);
    for (std::int64_t n = std::max(begin, i - reach); n < stop; ++n) body(i, n, n - i + reach);
  }
}

}  // namespace

template <typename T>
void convolve_document(MatrixView<const T> document, MatrixView<const T> taps, const T* bias,
                       std::int64_t begin, MatrixView<T> outputs) {
  const std::int64_t width = outputs.columns;
  for (std::int64_t i = 0; i < outputs.rows; ++i) std::copy_n(bias, width, outputs.row(i));
  const auto add_neighbour = [&](std::int64_t i, std::int64_t n, std::int64_t k) {
    T* output = outputs.row(i - begin);
    const T* tap = taps.row(k);
    const T* row = document.row(n);
    for (std::int64_t j = 0; j < width; ++j) output[j] += tap[j] * row[j];
  };
  for_each_neighbour(begin, begin + outputs.rows, 0, document.rows, taps.rows, add_neighbour);
}

template <typename T>
void depthwise_convolution(std::span<const std::int64_t> offsets, MatrixView<const T> rows,
                           MatrixView<const T> taps, std::span<const T> bias, MatrixView<T> outputs,
                           const ParallelFor& parallel_for) {
  const auto documents = static_cast<std::int64_t>(offsets.size()) - 1;
  parallel_for(documents, kDocumentsPerRange, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t b = first; b < last; ++b) {
      convolve_document<T>(rows.rows_between(offsets[b], offsets[b + 1]), taps, bias.data(), 0,
                           outputs.rows_between(offsets[b], offsets[b + 1]));
    }
  });
}

template <typename T>
void depthwise_convolution_taps_backward(std::span<const std::int64_t> offsets,
                                         MatrixView<const T> rows,
                                         MatrixView<const T> outputs_gradient,
                                         MatrixView<T> taps_gradient,
                                         const ParallelFor& parallel_for) {
  parallel_for(rows.columns, kChannelsPerRange, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t k = 0; k < taps_gradient.rows; ++k) {
      std::fill(taps_gradient.row(k) + first, taps_gradient.row(k) + last, T(0));
    }
    const auto add_neighbour = [&](std::int64_t i, std::int64_t n, std::int64_t k) {
      T* tap = taps_gradient.row(k);
      const T* upstream = outputs_gradient.row(i);
      const T* row = rows.row(n);
      for (std::int64_t j = first; j < last; ++j) tap[j] += upstream[j] * row[j];
    };
    for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
      for_each_neighbour(offsets[b], offsets[b + 1], offsets[b], offsets[b + 1], taps_gradient.rows,
                         add_neighbour);
    }
  });
}

#define FASTFORMER_INSTANTIATE(T)                                                                \
  template void convolve_document<T>(MatrixView<const T>, MatrixView<const T>, const T*,         \
                                     std::int64_t, MatrixView<T>);                               \
  template void depthwise_convolution<T>(std::span<const std::int64_t>, MatrixView<const T>,     \
                                         MatrixView<const T>, std::span<const T>, MatrixView<T>, \
                                         const ParallelFor&);                                    \
  template void depthwise_convolution_taps_backward<T>(std::span<const std::int64_t>,            \
                                                       MatrixView<const T>, MatrixView<const T>, \
                                                       MatrixView<T>, const ParallelFor&);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels
