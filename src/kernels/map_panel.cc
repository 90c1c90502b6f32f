// The loops of a document's own matrix.
#include "kernels/map_panel.h"

#include "kernels/clones.h"
#include "kernels/simd/stages.h"

namespace fastformer::kernels {

FASTFORMER_CLONES void make_map_panel(const float* scaled, const float* straight,
                                      const float* factors, std::int64_t rows, float* to) {
  for (std::int64_t k = 0; k < rows; ++k) {
    for (std::int64_t j = k * kPanel; j < (k + 1) * kPanel; ++j) {
      to[j] = scaled[j] * factors[k] + straight[j];
    }
  }
}

FASTFORMER_CLONES void make_transposed_map_panel(const float* scaled, const float* straight,
                                                 const float* factors, std::int64_t rows,
                                                 float* to) {
  for (std::int64_t k = 0; k < rows; ++k) {
    for (std::int64_t j = 0; j < kPanel; ++j) {
      const std::int64_t at = k * kPanel + j;
      to[at] = scaled[at] * factors[j] + straight[at];
    }
  }
}

}  // namespace fastformer::kernels
