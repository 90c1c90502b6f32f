// Stages that take a row of activations at a time, on vectors of any instruction set.
#pragma once

#include "kernels/simd/norm_loops.h"
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

// x = f(x) element by element; the padding stays 0.
template <typename V, typename Function>
inline void change_rows(const Rows& rows, const PackedRows& packed, const Function& function) {
  const bool is_quads = packed.quads;
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    float* x = rows.x + r * rows.stride;
    typename V::F most = V::set(0.0f);
    for_vectors<V>(rows.width, [&](std::int64_t j, int count) {
      const typename V::F whole = function(V::load(x + j));
      const typename V::F value = count < V::kLanes ? V::first(whole, count) : whole;
      V::store(x + j, value);
      if (is_quads) most = V::larger_magnitude(most, value);
    });
    pack_row<V>(x, rows.width, most, packed, r);
  }
}

template <typename V>
void gelu(const Rows& rows) {
  change_rows<V>(rows, {}, [](typename V::F x) { return V::mul(x, normal_distribution<V>(x)); });
}

// (x Phi(x))' = Phi(x) + x phi(x) with the normal distribution's density phi.
template <typename V>
void gelu_backward(const GeluBackward& g) {
  using F = typename V::F;
  for (std::int64_t r = 0; r < g.rows; ++r) {
    const float* from = g.x + r * g.x_stride;
    float* y = g.y + r * g.y_stride;
    float* gradient = g.gradient + r * g.gradient_stride;
    for_vectors<V>(g.width, [&](std::int64_t j, int count) {
      const F x = V::load(from + j);
      const F phi = normal_distribution<V>(x);
      const F half_square = V::mul(V::mul(x, x), V::set(-0.5f));
      const F density = V::mul(exponential<V>(half_square), V::set(0.39894228f));
      const F slope = V::fma(x, density, phi);
      const F value = V::mul(x, phi), through = V::mul(V::load(gradient + j), slope);
      const bool is_whole = count == V::kLanes;
      V::store(y + j, is_whole ? value : V::first(value, count));
      V::store(gradient + j, is_whole ? through : V::first(through, count));
    });
  }
}

template <typename V>
void short_gelu_rows(const Rows& rows, const PackedRows& packed) {
  change_rows<V>(rows, packed,
                 [](typename V::F x) { return V::mul(x, short_normal_distribution<V>(x)); });
}

template <typename V>
void tanh_rows(const Rows& rows) {
  change_rows<V>(rows, {}, [](typename V::F x) { return tanh<V>(x); });
}

template <typename V>
void short_tanh_rows(const Rows& rows, const PackedRows& packed) {
  change_rows<V>(rows, packed, [](typename V::F x) { return short_tanh<V>(x); });
}

template <typename V>
void largest(const Rows& rows, float* largest) {
  for_vectors<V>(rows.width, [&](std::int64_t j, int) {
    typename V::F most = V::load(largest + j);
    const typename V::F zero = V::set(0.0f);
    typename V::F poison = V::mul(most, zero);  // 0, or NaN, which max may drop
    for (std::int64_t r = 0; r < rows.rows; ++r) {
      const typename V::F x = V::load(rows.x + r * rows.stride + j);
      most = V::max(most, x);
      poison = V::fma(x, zero, poison);
    }
    V::store(largest + j, V::add(most, poison));
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
