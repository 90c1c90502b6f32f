// Rows whose bias is still to be added.
#pragma once

#include <utility>

#include "learn/ragged.h"

namespace fastformer::learn {

// What reads rows next may add their bias on the way, which spares a sweep over them, and another
// over their gradient.
struct Biased {
  at::Tensor rows;  // [tokens, width]
  at::Tensor bias;  // [width] of every row, [documents, width] of a document's rows, or undefined

  // NOLINTNEXTLINE(google-explicit-constructor): a tensor is rows without a bias
  Biased(at::Tensor rows_in, at::Tensor bias_in = {})
      : rows(std::move(rows_in)), bias(std::move(bias_in)) {}
};

// The rows with their bias, [tokens, width] in their type.
at::Tensor whole(const Biased& biased, const Ragged& ragged);

}  // namespace fastformer::learn
