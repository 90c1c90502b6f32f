// Lookup of embedding rows whose gradient stays row-sparse.
#pragma once

#include "learn/precompiled.h"

namespace fastformer::learn {

// Rows `ids` (int64 [tokens]) of table [vocabulary, width]: [tokens, width]. The table's gradient
// is a coalesced sparse tensor of the rows that occur, summed in the order of the tokens. Throws
// when an id is outside the table.
at::Tensor lookup(const at::Tensor& table, const at::Tensor& ids);

}  // namespace fastformer::learn
