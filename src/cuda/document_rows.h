// A row for each document that meets all of its tokens' rows, and the sums of these.
#pragma once

#include "cuda/types.h"

namespace fastformer::cuda {

// What a document's row does to its tokens' rows.
enum class Meeting { kAdd, kMultiply };

// output [tokens, width] = rows meeting their document's of vectors [documents, width]; all of the
// rows' type; output may be rows. document_of: int64 [tokens].
void meet_rows(Meeting meeting, const Matrix& rows, const void* vectors,
               const std::int64_t* document_of, void* output);

// sums [documents, width] of rows [tokens, width], each multiplied, element by
// element, by the same of `factors` where there are any. partial: room for [chunks, width].
struct DocumentSums {
  Chunks chunks;
  Matrix rows;
  const void* factors = nullptr;
  float* partial = nullptr;
  Matrix sums;
};
void document_sums(const DocumentSums& input);

}  // namespace fastformer::cuda
