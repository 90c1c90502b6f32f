// A document's own matrix, element by element: a panel of C1 diag(K) + C2 (docs/algebra.md).
#pragma once

#include <cstdint>

namespace fastformer::kernels {

// to = scaled * factors + straight on `rows` rows of kPanel numbers, with a factor [rows] for each
// row. `to` is neither of the others.
void make_map_panel(const float* scaled, const float* straight, const float* factors,
                    std::int64_t rows, float* to);

// The same with a factor [kPanel] for each column: panels of the transposed matrix.
void make_transposed_map_panel(const float* scaled, const float* straight, const float* factors,
                               std::int64_t rows, float* to);

}  // namespace fastformer::kernels
