// The stages that the runtime is made of, written for every instruction set. This header is seen by
// files compiled for one set alone: plain structs, no inline function, nothing of the library.
//
// Activations lie in rows whose stride is a multiple of kPanel floats; elements past the width are
// 0 and stay 0. Weights lie in panels of kPanel outputs: element (input k, output j) of panel p is
// panels[(p * inputs + k) * kPanel + j], 0 past the outputs. Every result of a row depends on that
// row alone, in an order of summation that does not depend on how many rows are handed in.
#pragma once

#include <cstdint>

namespace fastformer::kernels {

inline constexpr std::int64_t kPanel = 32;

// y = x W' + start. Element (row r, panel p, j) of start and y lies at
// p * (its panel stride) + r * (its row stride) + j: a bias has the row stride 0. y may be start.
//
// X is float, or Pair for bfloat16 numbers two by two: inputs 2 k and 2 k + 1, the first in the
// lower half. Then x_stride and inputs count pairs, padded with 0 to a multiple of kPanel / 2, and
//   sum = fma(x_(2 k), w_(2 k), fma(x_(2 k + 1), w_(2 k + 1), sum)),
// with denormal numbers as 0: what the instruction of AVX-512 BF16 does, and all sets alike but
// AMX, which adds up 16 pairs, the first numbers and the second ones apart, before it adds to sum.
template <typename X>
struct ProductOf {
  const X* x = nullptr;  // [rows, inputs]
  std::int64_t x_stride = 0;
  std::int64_t rows = 0;
  std::int64_t inputs = 0;
  const X* panels = nullptr;
  std::int64_t outputs = 0;
  const float* start = nullptr;
  std::int64_t start_row = 0, start_panel = kPanel;
  float* y = nullptr;
  std::int64_t y_row = 0, y_panel = kPanel;
};
using Product = ProductOf<float>;
using Pair = std::uint32_t;
using PairProduct = ProductOf<Pair>;

// Rounds to bfloat16, to nearest, ties to even; denormal numbers to 0.
struct PairRows {  // rows of x [rows, width], the padding included
  const float* x = nullptr;
  std::int64_t x_stride = 0;
  std::int64_t rows = 0, width = 0;
  Pair* y = nullptr;
  std::int64_t y_stride = 0;  // in pairs
};
struct PairNumbers {  // back, exactly; the padding included
  const Pair* x = nullptr;
  std::int64_t x_stride = 0;  // in pairs
  std::int64_t rows = 0, width = 0;
  float* y = nullptr;
  std::int64_t y_stride = 0;
};
struct PairPanels {  // panels of `inputs` inputs
  const float* panels = nullptr;
  std::int64_t inputs = 0, outputs = 0;
  Pair* pairs = nullptr;  // panels of padded(inputs) / 2 pairs
};

// y = start + x_scale (w_scale (x W')) with whole numbers four by four, exact sums and two rounded
// multiplications: the same bits on every instruction set. A number lies in [-127, 127]; inputs
// 4 k to 4 k + 3 are a Quad's bytes from the lowest on. The rows hold their numbers plus 128, so
// that instructions of unsigned bytes can take them, and the panels' `zeros` say what that adds.
// `inputs` counts quads and is a multiple of kQuadStep; a row's scale, a float, follows its quads.
using Quad = std::uint32_t;
inline constexpr std::int64_t kQuadStep = 16;
struct QuadProduct {
  const Quad* x = nullptr;
  std::int64_t x_stride = 0;
  std::int64_t rows = 0;
  std::int64_t inputs = 0;
  const Quad* panels = nullptr;
  const float* scales = nullptr;        // [outputs]
  const std::int32_t* zeros = nullptr;  // [outputs]: 128 times the sum of an output's weights
  std::int64_t outputs = 0;
  const float* start = nullptr;
  std::int64_t start_row = 0, start_panel = kPanel;
  float* y = nullptr;
  std::int64_t y_row = 0, y_panel = kPanel;
};

// x = scale * q, where scale is the row's largest magnitude / 127 and q is rounded to nearest, ties
// to even. A row below 1e-35 is 0; one with infinities or no numbers has no number as its scale.
struct QuadRows {  // rows of x [rows, width], the padding included
  const float* x = nullptr;
  std::int64_t x_stride = 0;
  std::int64_t rows = 0, width = 0;
  Quad* y = nullptr;
  std::int64_t y_stride = 0;
};
// The same for an output's weights.
struct QuadPanels {
  const float* panels = nullptr;
  std::int64_t inputs = 0, outputs = 0;
  Quad* quads = nullptr;  // panels of quads_of(inputs)
  float* scales = nullptr;
  std::int32_t* zeros = nullptr;
};

// One step of a softmax over tokens, all heads side by side (online softmax, arXiv 1805.02867):
// scores [tokens, heads] become exponentials relative to the largest score so far.
struct SoftmaxStep {
  float* scores = nullptr;
  std::int64_t stride = 0;
  std::int64_t tokens = 0, heads = 0;
  float* largest = nullptr;  // [heads], updated, as all that follow; room for whole vectors
  float* total = nullptr;    // sums of the exponentials
  float* shrink = nullptr;   // what sums made before this step have to be multiplied by
};

// sums[h] = shrink[h] * sums[h] + sum over tokens i of weights(i, h) * x[i].
struct WeightedSum {
  const float* weights = nullptr;  // [tokens, heads]
  std::int64_t weights_stride = 0;
  const float* shrink = nullptr;  // [heads]
  std::int64_t tokens = 0, heads = 0, width = 0;
  const float* x = nullptr;  // [tokens, width]
  std::int64_t x_stride = 0;
  float* sums = nullptr;  // [heads, width]
  std::int64_t sums_stride = 0;
  const Pair* pairs = nullptr;  // x in bfloat16, where that is at hand
  std::int64_t pairs_stride = 0;
};

// Where rows go in a short number format: pairs as of PairRows, or quads as of QuadRows. Nowhere
// without `y`.
struct PackedRows {
  std::uint32_t* y = nullptr;
  std::int64_t stride = 0;
  bool quads = false;
};

// y = x + add, then normalised: mean 0, variance 1 (biased, epsilon added), scaled and shifted.
struct AddNorm {
  const float* x = nullptr;    // [rows, width]
  const float* add = nullptr;  // the same, or nullptr
  std::int64_t x_stride = 0, add_stride = 0;
  std::int64_t rows = 0, width = 0;
  const float* scale = nullptr;  // [width], or nullptr: no normalisation
  const float* shift = nullptr;
  float epsilon = 0;
  float* y = nullptr;  // may be x or add
  std::int64_t y_stride = 0;
  PackedRows packed;  // y once more
};

// y(r, j) = x(r, j) * factors[j], or * factors[r] with `by_row`.
struct Scaling {
  const float* x = nullptr;
  std::int64_t x_stride = 0;
  std::int64_t rows = 0, columns = 0;
  const float* factors = nullptr;
  bool by_row = false;
  float* y = nullptr;
  std::int64_t y_stride = 0;
};

// y[j] = bias[j] + (row j of `weights`) . (row j / group of `vectors`).
struct RowDots {
  const float* weights = nullptr;  // [outputs, inputs]
  std::int64_t weights_stride = 0;
  std::int64_t outputs = 0, inputs = 0;
  const float* vectors = nullptr;
  std::int64_t vectors_stride = 0;
  std::int64_t group = 1;
  const float* bias = nullptr;
  float* y = nullptr;
};

// y_i += bias + sum over k of taps[k] o x_(i + k - reach), where x has `before` rows before x_0 and
// `after` rows after x_(rows - 1); what lies beyond counts as 0. There are 2 reach + 1 taps.
struct Convolution {
  const float* x = nullptr;
  std::int64_t x_stride = 0;
  std::int64_t rows = 0, width = 0, before = 0, after = 0;
  const float* taps = nullptr;
  std::int64_t taps_stride = 0, reach = 0;
  const float* bias = nullptr;
  float* y = nullptr;
  std::int64_t y_stride = 0;
};

// y += x o sigmoid(gate), all in rows `stride` apart.
struct Gating {
  const float* x = nullptr;
  const float* gate = nullptr;
  float* y = nullptr;
  std::int64_t stride = 0;
  std::int64_t rows = 0, width = 0;
};

// Rows [rows, width] for the simplest stages.
struct Rows {
  float* x = nullptr;
  std::int64_t stride = 0;
  std::int64_t rows = 0, width = 0;
};

// With x rows of a GELU's inputs and `gradient` that of its outputs: y becomes the outputs, and the
// gradient that of the inputs. All are [rows, width]; y may be x.
struct GeluBackward {
  const float* x = nullptr;
  std::int64_t x_stride = 0;
  std::int64_t rows = 0, width = 0;
  float* y = nullptr;
  std::int64_t y_stride = 0;
  float* gradient = nullptr;
  std::int64_t gradient_stride = 0;
};

struct Stages {
  void (*product)(const Product&);
  void (*softmax_step)(const SoftmaxStep&);
  void (*weighted_sum)(const WeightedSum&);
  // May round weights and x to bfloat16. With `sums_pairs` it does where there are `pairs`, and
  // does not read x then; all other sums read x.
  void (*short_weighted_sum)(const WeightedSum&);
  bool sums_pairs;
  // Rounds them wherever the processor has products of such numbers and heads are more than a few.
  void (*pair_weighted_sum)(const WeightedSum&);
  void (*add_norm)(const AddNorm&);
  void (*scale)(const Scaling&);
  void (*row_dots)(const RowDots&);
  // x = x Phi(x) with the normal distribution's Phi.
  void (*gelu)(const Rows&);
  void (*gelu_backward)(const GeluBackward&);
  void (*tanh)(const Rows&);
  // The same within 1e-4, as numbers want it that are rounded to a short format at once.
  void (*short_gelu)(const Rows&, const PackedRows&);
  void (*short_tanh)(const Rows&, const PackedRows&);
  // largest [width] = max(largest, every row), and NaN where a number is not finite.
  void (*largest)(const Rows&, float* largest);
  void (*convolve)(const Convolution&);
  void (*pair_product)(const PairProduct&);
  void (*pair_rows)(const PairRows&);
  void (*pair_panels)(const PairPanels&);
  void (*pair_numbers)(const PairNumbers&);
  void (*quad_product)(const QuadProduct&);
  void (*quad_rows)(const QuadRows&);
  void (*quad_panels)(const QuadPanels&);
  void (*gate)(const Gating&);
  // Products in registers alone, so many rounds of them: what a processor can do at best. A round
  // is so many multiplications and additions. `sink` [16] takes what came of it.
  void (*peak)(std::int64_t rounds, float* sink);
  std::int64_t peak_operations;
  void (*pair_peak)(std::int64_t rounds, float* sink);
  std::int64_t pair_peak_operations;
  void (*quad_peak)(std::int64_t rounds, float* sink);
  std::int64_t quad_peak_operations;
};

// One function per file of a target; stages_of() chooses.
const Stages& portable_stages();
const Stages& avx2_stages();
const Stages& avx512_stages();
const Stages& avx512vnni_stages();
const Stages& avx512bf16_stages();
const Stages& amx_stages();

}  // namespace fastformer::kernels
