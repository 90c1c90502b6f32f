// Sums of rows and their normalisation, on vectors of any instruction set.
#pragma once

#include "kernels/simd/element_loops.h"
#include "kernels/simd/pair_loops.h"
#include "kernels/simd/quad_loops.h"

namespace fastformer::kernels::loops {

// Row r of what goes to `packed`, the padding included; `most`, for quads, has its largest
// magnitude.
template <typename V>
inline void pack_row(const float* x, std::int64_t width, typename V::F most,
                     const PackedRows& packed, std::int64_t r) {
  if (!packed.y) return;
  std::uint32_t* y = packed.y + r * packed.stride;
  if (packed.quads) {
    quad_row<V>(x, width, most, y);
  } else {
    pair_row<V>(x, width, y);
  }
}

// Sums of f(row, vector at j) over kRows rows side by side, so that one need not wait for another;
// elements past the width count as 0. Two sums in turn, for the same reason.
template <typename V, int kRows, typename Element>
inline void sum_rows(std::int64_t width, const Element& element, float (&sums)[kRows]) {
  typename V::F even[kRows], odd[kRows];
  for (int r = 0; r < kRows; ++r) even[r] = odd[r] = V::set(0.0f);
  std::int64_t j = 0;
  for (; j + 2 * V::kLanes <= width; j += 2 * V::kLanes) {
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      even[r] = V::add(even[r], element(r, j));
      odd[r] = V::add(odd[r], element(r, j + V::kLanes));
    }
  }
  for (; j < width; j += V::kLanes) {
    const auto left = static_cast<int>(width - j);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const typename V::F value = element(r, j);
      even[r] = V::add(even[r], left < V::kLanes ? V::first(value, left) : value);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) sums[r] = V::sum(V::add(even[r], odd[r]));
}

// Rows [first, first + kRows) of x, with those of `add` if kAdd.
template <typename V, int kRows, bool kAdd>
struct NormInput {
  const float* x[kRows];
  const float* add[kRows];

  NormInput(const AddNorm& n, std::int64_t first) {
    for (int r = 0; r < kRows; ++r) {
      x[r] = n.x + (first + r) * n.x_stride;
      add[r] = kAdd ? n.add + (first + r) * n.add_stride : nullptr;
    }
  }
  typename V::F at(int r, std::int64_t j) const {
    if constexpr (kAdd) return V::add(V::load(x[r] + j), V::load(add[r] + j));
    return V::load(x[r] + j);
  }
};

// The rows, normalised; y may be x or add. `n` is a copy that no store can change. With kMost their
// largest magnitudes.
template <typename V, int kRows, bool kAdd, bool kMost>
inline void normalize_rows(const AddNorm n, std::int64_t first, typename V::F (&most)[kRows]) {
  using F = typename V::F;
  const NormInput<V, kRows, kAdd> input(n, first);
  const std::int64_t width = n.width;
  float* y[kRows];
  for (int r = 0; r < kRows; ++r) y[r] = n.y + (first + r) * n.y_stride;
  float sums[kRows];
  sum_rows<V, kRows>(
      width,
      [&](int r, std::int64_t j) {
        const F value = input.at(r, j);
        V::store(y[r] + j, value);
        return value;
      },
      sums);
  const float size = static_cast<float>(width);
  F mean[kRows], factor[kRows];
  for (int r = 0; r < kRows; ++r) mean[r] = V::set(sums[r] / size);
  sum_rows<V, kRows>(
      width,
      [&](int r, std::int64_t j) {
        const F centred = V::sub(V::load(y[r] + j), mean[r]);
        return V::mul(centred, centred);
      },
      sums);
  for (int r = 0; r < kRows; ++r) {
    factor[r] = V::set(1.0f / V::root(sums[r] / size + n.epsilon));
  }
  const float *scales = n.scale, *shifts = n.shift;
  // Past the width stays 0 even where the mean is infinite or no number.
  for_vectors<V>(width, [&](std::int64_t j, int count) {
    const F scale = V::load(scales + j), shift = V::load(shifts + j);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const F unit = V::mul(V::sub(V::load(y[r] + j), mean[r]), factor[r]);
      const F shifted = V::fma(unit, scale, shift);
      const F value = count < V::kLanes ? V::first(shifted, count) : shifted;
      V::store(y[r] + j, value);
      if constexpr (kMost) most[r] = V::larger_magnitude(most[r], value);
    }
  });
}

template <typename V, int kRows, bool kAdd, bool kMost>
inline void add_norm_group(const AddNorm& n, std::int64_t first) {
  typename V::F most[kRows];
  for (int r = 0; r < kRows; ++r) most[r] = V::set(0.0f);
  if (n.scale) {
    normalize_rows<V, kRows, kAdd, kMost>(n, first, most);
  } else {
    const NormInput<V, kRows, kAdd> input(n, first);
    for (int r = 0; r < kRows; ++r) {
      float* y = n.y + (first + r) * n.y_stride;
      // Of x that is not finite the padding may be no number: in y it is 0.
      for_vectors<V>(n.width, [&](std::int64_t j, int count) {
        const typename V::F sum = input.at(r, j);
        const typename V::F value = count < V::kLanes ? V::first(sum, count) : sum;
        V::store(y + j, value);
        if constexpr (kMost) most[r] = V::larger_magnitude(most[r], value);
      });
    }
  }
  for (int r = 0; r < kRows; ++r) {
    pack_row<V>(n.y + (first + r) * n.y_stride, n.width, most[r], n.packed, first + r);
  }
}

template <typename V, bool kAdd, bool kMost>
inline void add_norm_rows(const AddNorm& n) {
  constexpr int kTogether = 4;
  std::int64_t r = 0;
  for (; r + kTogether <= n.rows; r += kTogether) add_norm_group<V, kTogether, kAdd, kMost>(n, r);
  for (; r < n.rows; ++r) add_norm_group<V, 1, kAdd, kMost>(n, r);
}

template <typename V>
void add_norm(const AddNorm& n) {
  const bool is_quads = n.packed.y && n.packed.quads;
  if (is_quads) {
    (n.add ? add_norm_rows<V, true, true> : add_norm_rows<V, false, true>)(n);
  } else {
    (n.add ? add_norm_rows<V, true, false> : add_norm_rows<V, false, false>)(n);
  }
}

}  // namespace fastformer::kernels::loops
