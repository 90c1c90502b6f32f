// Whole numbers of 8 bits four by four, on vectors of any instruction set or in loops that
// compilers turn into such.
#pragma once

#include "kernels/simd/element_loops.h"
#include "kernels/simd/stages.h"

namespace fastformer::kernels::loops {

// The padding included.
inline __attribute__((always_inline)) std::int64_t padded_quads(std::int64_t inputs) {
  return (inputs + 4 * kQuadStep - 1) / (4 * kQuadStep) * kQuadStep;
}

inline __attribute__((always_inline)) std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof(bits));
  return bits;
}

// How numbers become whole ones: rounded(x * factor) of scale.
struct QuadScale {
  float factor, scale;
};

// `most` are the bits of the largest magnitude: whole numbers are ordered as floats of one sign
// are, and infinities and what is no number come last.
inline __attribute__((always_inline)) QuadScale quad_scale(std::uint32_t most) {
  constexpr std::uint32_t kLeast = 0x05000000u, kInfinity = 0x7f800000u;  // 6e-36
  if (most < kLeast) return {0, 0};
  if (most >= kInfinity) return {0, __builtin_nanf("")};
  float magnitude;
  __builtin_memcpy(&magnitude, &most, sizeof(magnitude));
  return {127.0f / magnitude, magnitude / 127.0f};
}

// The lowest 8 bits are the rounded number's.
inline __attribute__((always_inline)) std::uint32_t rounded_bits(float x) {
  return bits_of(x + 12582912.0f);  // 1.5 * 2^23
}

// x is 0 between its width and the next multiple of kPanel; `most` has its largest magnitude.
template <typename V>
inline void quad_row(const float* x, std::int64_t width, typename V::F most, Quad* y) {
  const QuadScale scale = quad_scale(V::largest_bits(most));
  const typename V::F factor = V::set(scale.factor);
  auto* bytes = reinterpret_cast<std::uint8_t*>(y);
  for_vectors<V>(width, [&](std::int64_t j, int) {
    V::store_bytes(bytes + j, V::mul(V::load(x + j), factor));
  });
  const std::int64_t filled = (width + V::kLanes - 1) / V::kLanes * V::kLanes;
  const std::int64_t end = 4 * padded_quads(width);
  for (std::int64_t j = filled; j < end; ++j) bytes[j] = 0x80;
  y[end / 4] = bits_of(scale.scale);
}

template <typename V>
void quad_rows(const QuadRows& r) {
  for (std::int64_t i = 0; i < r.rows; ++i) {
    const float* x = r.x + i * r.x_stride;
    typename V::F most = V::set(0.0f);
    for_vectors<V>(r.width,
                   [&](std::int64_t j, int) { most = V::larger_magnitude(most, V::load(x + j)); });
    quad_row<V>(x, r.width, most, r.y + i * r.y_stride);
  }
}

template <typename V>
inline void quad_panel(const float* weights, std::int64_t inputs, Quad* y, float* scales,
                       std::int32_t* zeros) {
  std::uint32_t most[kPanel] = {};
  for (std::int64_t k = 0; k < inputs; ++k) {
    for (std::int64_t j = 0; j < kPanel; ++j) {
      const std::uint32_t magnitude = bits_of(weights[k * kPanel + j]) & 0x7fffffffu;
      most[j] = most[j] > magnitude ? most[j] : magnitude;
    }
  }
  float factors[kPanel];
  std::int32_t sums[kPanel] = {};
  for (std::int64_t j = 0; j < kPanel; ++j) {
    const QuadScale scale = quad_scale(most[j]);
    factors[j] = scale.factor;
    scales[j] = scale.scale;
  }
  for (std::int64_t k = 0; k < padded_quads(inputs); ++k) {
    Quad* quads = y + k * kPanel;
    for (std::int64_t j = 0; j < kPanel; ++j) quads[j] = 0;
    for (std::int64_t byte = 0; byte < 4 && 4 * k + byte < inputs; ++byte) {
      const float* row = weights + (4 * k + byte) * kPanel;
      for (std::int64_t j = 0; j < kPanel; ++j) {
        const std::uint32_t number = rounded_bits(row[j] * factors[j]) & 0xffu;
        sums[j] += static_cast<std::int32_t>(number ^ 0x80u) - 128;
        quads[j] |= number << 8 * byte;
      }
    }
  }
  for (std::int64_t j = 0; j < kPanel; ++j) zeros[j] = 128 * sums[j];
}

template <typename V>
void quad_panels(const QuadPanels& p) {
  const std::int64_t quads = padded_quads(p.inputs);
  for (std::int64_t panel = 0; panel * kPanel < p.outputs; ++panel) {
    quad_panel<V>(p.panels + panel * p.inputs * kPanel, p.inputs, p.quads + panel * quads * kPanel,
                  p.scales + panel * kPanel, p.zeros + panel * kPanel);
  }
}

}  // namespace fastformer::kernels::loops
