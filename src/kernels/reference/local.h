// The local branch: what a token's neighbours add to it, beside the attention of a block.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/reference/matrix.h"
#include "kernels/reference/weights.h"

namespace fastformer::kernels::reference {

// Of token `i` of the tokens `x` [N, width], [width]: the convolution
//   c_i = b + sum over k of w_k o x_(i + k - r), r = K / 2 rounded down, x = 0 outside [0, N),
// and where gated c_i o sigmoid(g_i), g_i a convolution of its own.
template <typename T>
std::vector<T> local_change(const LocalWeights<T>& weights, Local local, const Matrix<T>& x,
                            std::int64_t i);

// The same of all tokens, [N, width].
template <typename T>
Matrix<T> local_branch(const LocalWeights<T>& weights, Local local, const Matrix<T>& x);

}  // namespace fastformer::kernels::reference
