// Stages that take a row of activations at a time, on vectors of any instruction set.
#pragma once

#include "kernels/simd/element_loops.h"
#include "kernels/simd/stages.h"

namespace fastformer::kernels::loops {

template <typename V>
void softmax_step(const SoftmaxStep& s) {
  using F = typename V::F;
  for (std::int64_t h = 0; h < s.heads; h += V::kLanes) {
    float* scores = s.scores + h;
    const F before = V::load(s.largest + h);
    F largest = before;
    for (std::int64_t i = 0; i < s.tokens; ++i) {
      largest = V::max(largest, V::load(scores + i * s.stride));
    }
    const F shrink = exponential<V>(V::sub(before, largest));
    F total = V::mul(shrink, V::load(s.total + h));
    for (std::int64_t i = 0; i < s.tokens; ++i) {
      const F power = exponential<V>(V::sub(V::load(scores + i * s.stride), largest));
      V::store(scores + i * s.stride, power);
      total = V::add(total, power);
    }
    V::store(s.largest + h, largest);
    V::store(s.shrink + h, shrink);
    V::store(s.total + h, total);
  }
}

// Sum of f(vector at j) over a row, elements past the width counted as 0. Two sums in turn, so that
// one need not wait for the other.
template <typename V, typename Element>
inline float sum_of_row(std::int64_t width, const Element& element) {
  typename V::F even = V::set(0.0f), odd = V::set(0.0f);
  std::int64_t j = 0;
  for (; j + 2 * V::kLanes <= width; j += 2 * V::kLanes) {
    even = V::add(even, element(j));
    odd = V::add(odd, element(j + V::kLanes));
  }
  for (; j < width; j += V::kLanes) {
    const typename V::F value = element(j);
    const auto left = static_cast<int>(width - j);
    even = V::add(even, left < V::kLanes ? V::first(value, left) : value);
  }
  return V::sum(V::add(even, odd));
}

// y = normalised rows whose elements at j are input(j); `y` may be where they come from.
template <typename V, typename Input>
inline void normalize_row(const AddNorm& n, const Input& input, float* y) {
  using F = typename V::F;
  const float size = static_cast<float>(n.width);
  const F mean = V::set(sum_of_row<V>(n.width,
                                      [&](std::int64_t j) {
                                        const F value = input(j);
                                        V::store(y + j, value);
                                        return value;
                                      }) /
                        size);
  const float squares = sum_of_row<V>(n.width, [&](std::int64_t j) {
    const F centred = V::sub(V::load(y + j), mean);
    return V::mul(centred, centred);
  });
  const F factor = V::div(V::set(1.0f), V::sqrt(V::set(squares / size + n.epsilon)));
  // Past the width stays 0 even where the mean is infinite or no number.
  for_vectors<V>(n.width, [&](std::int64_t j, int count) {
    const F unit = V::mul(V::sub(V::load(y + j), mean), factor);
    const F shifted = V::fma(unit, V::load(n.scale + j), V::load(n.shift + j));
    V::store(y + j, count < V::kLanes ? V::first(shifted, count) : shifted);
  });
}

template <typename V, typename Input>
inline void finish_row(const AddNorm& n, const Input& input, float* y) {
  if (n.scale) {
    normalize_row<V>(n, input, y);
  } else {
    for_vectors<V>(n.width, [&](std::int64_t j, int) { V::store(y + j, input(j)); });
  }
}

template <typename V>
void add_norm(const AddNorm& n) {
  for (std::int64_t r = 0; r < n.rows; ++r) {
    const float* x = n.x + r * n.x_stride;
    float* y = n.y + r * n.y_stride;
    if (n.add) {
      const float* add = n.add + r * n.add_stride;
      finish_row<V>(
          n, [=](std::int64_t j) { return V::add(V::load(x + j), V::load(add + j)); }, y);
    } else {
      finish_row<V>(
          n, [=](std::int64_t j) { return V::load(x + j); }, y);
    }
  }
}

template <typename V>
void scale(const Scaling& s) {
  for (std::int64_t r = 0; r < s.rows; ++r) {
    const float* x = s.x + r * s.x_stride;
    float* y = s.y + r * s.y_stride;
    if (s.by_row) {
      const typename V::F factor = V::set(s.factors[r]);
      for_vectors<V>(s.columns,
                     [&](std::int64_t j, int) { V::store(y + j, V::mul(V::load(x + j), factor)); });
    } else {
      for_vectors<V>(s.columns, [&](std::int64_t j, int) {
        V::store(y + j, V::mul(V::load(x + j), V::load(s.factors + j)));
      });
    }
  }
}

template <typename V>
void row_dots(const RowDots& d) {
  for (std::int64_t j = 0; j < d.outputs; ++j) {
    const float* row = d.weights + j * d.weights_stride;
    const float* vector = d.vectors + j / d.group * d.vectors_stride;
    typename V::F sum = V::set(0.0f);
    for_vectors<V>(d.inputs, [&](std::int64_t k, int) {
      sum = V::fma(V::load(row + k), V::load(vector + k), sum);
    });
    d.y[j] = d.bias[j] + V::sum(sum);
  }
}

// x = f(x) element by element, for an f that keeps 0.
template <typename V, typename Function>
inline void change_rows(const Rows& rows, const Function& function) {
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    float* x = rows.x + r * rows.stride;
    for_vectors<V>(rows.width,
                   [&](std::int64_t j, int) { V::store(x + j, function(V::load(x + j))); });
  }
}

template <typename V>
void gelu(const Rows& rows) {
  change_rows<V>(rows, [](typename V::F x) { return V::mul(x, normal_distribution<V>(x)); });
}

template <typename V>
void tanh_rows(const Rows& rows) {
  change_rows<V>(rows, [](typename V::F x) { return tanh<V>(x); });
}

template <typename V>
void largest(const Rows& rows, float* largest) {
  for_vectors<V>(rows.width, [&](std::int64_t j, int) {
    typename V::F most = V::load(largest + j);
    for (std::int64_t r = 0; r < rows.rows; ++r)
      most = V::max(most, V::load(rows.x + r * rows.stride + j));
    V::store(largest + j, most);
  });
}

template <typename V>
void convolve(const Convolution& c) {
  for (std::int64_t i = 0; i < c.rows; ++i) {
    const std::int64_t behind = i + c.before, ahead = c.rows - 1 - i + c.after;
    const std::int64_t first = behind < c.reach ? -behind : -c.reach;
    const std::int64_t last = ahead < c.reach ? ahead : c.reach;
    float* y = c.y + i * c.y_stride;
    for_vectors<V>(c.width, [&](std::int64_t j, int) {
      typename V::F sum = V::load(c.bias + j);
      for (std::int64_t n = first; n <= last; ++n) {
        const typename V::F tap = V::load(c.taps + (n + c.reach) * c.taps_stride + j);
        sum = V::fma(tap, V::load(c.x + (i + n) * c.x_stride + j), sum);
      }
      V::store(y + j, V::add(V::load(y + j), sum));
    });
  }
}

template <typename V>
void gate(const Gating& g) {
  const typename V::F one = V::set(1.0f);
  for (std::int64_t r = 0; r < g.rows; ++r) {
    const std::int64_t row = r * g.stride;
    for_vectors<V>(g.width, [&](std::int64_t j, int) {
      const typename V::F power = exponential<V>(V::sub(V::set(0.0f), V::load(g.gate + row + j)));
      const typename V::F gated = V::div(V::load(g.x + row + j), V::add(one, power));
      V::store(g.y + row + j, V::add(V::load(g.y + row + j), gated));
    });
  }
}

}  // namespace fastformer::kernels::loops
