// Documents laid end to end, cut into pieces of bounded length that threads can share out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace fastformer::kernels {

// Tokens [begin, end) of the batch, all of one document.
struct DocumentChunk {
  std::int64_t document = 0, begin = 0, end = 0;

  std::int64_t tokens() const { return end - begin; }
};

// Chunks of `most` tokens, counted from a document's beginning, so that where it is cut depends on
// its length alone; in the order of the tokens. offsets [documents + 1].
struct DocumentChunks {
  std::vector<DocumentChunk> chunks;
  std::vector<std::int64_t>
      first;  // [documents + 1]: document b has chunks [first[b], first[b + 1])

  DocumentChunks(std::span<const std::int64_t> offsets, std::int64_t most) {
    first.push_back(0);
    for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
      for (std::int64_t i = offsets[b]; i < offsets[b + 1]; i += most) {
        chunks.push_back({static_cast<std::int64_t>(b), i, std::min(i + most, offsets[b + 1])});
      }
      first.push_back(size());
    }
  }

  std::int64_t size() const { return static_cast<std::int64_t>(chunks.size()); }
  const DocumentChunk& operator[](std::int64_t i) const {
    return chunks[static_cast<std::size_t>(i)];
  }
};

}  // namespace fastformer::kernels
