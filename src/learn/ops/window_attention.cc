// Blocks of queries, each beside the blocks of keys around it.
#include "learn/ops/window_attention.h"

#include <algorithm>
#include <vector>

#include "learn/ops/scaled_attention.h"

namespace fastformer::learn {
namespace {

constexpr std::int64_t kLeastBlock = 32;  // below, calls cost more than products

std::int64_t ratio_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// How documents of one length fall into blocks.
struct Blocks {
  std::int64_t length, keys;  // of a document
  std::int64_t size;          // tokens of a block of queries
  std::int64_t key_size;      // keys that stand in a block
  std::int64_t count;
  std::int64_t sides;  // blocks of keys on each side that a block of queries sees some of

  Blocks(const at::Tensor& query, const at::Tensor& key, const Window& window)
      : length(query.size(1)), keys(key.size(1)) {
    // Two blocks on each side: a fifth of the scores is of keys out of reach. With one, a third is;
    // with four, calls and copies cost more than is saved.
    key_size = ratio_up(std::max(kLeastBlock, ratio_up(window.reach, 2)), window.stride);
    size = key_size * window.stride;
    count = ratio_up(length, size);
    sides = ratio_up(window.reach, size);
  }

  std::int64_t seen() const { return (2 * sides + 1) * key_size; }
};

// [documents, rows, heads, e] with `before` rows of zeros before it and as many after it as fill
// `blocks` blocks of `size`: [blocks, documents * heads, size, e].
at::Tensor in_blocks(const at::Tensor& rows, std::int64_t size, std::int64_t before,
                     std::int64_t blocks) {
  const std::int64_t after = blocks * size - before - rows.size(1);
  const at::Tensor padded = at::constant_pad_nd(rows, {0, 0, 0, 0, before, after});
  return padded.unflatten(1, {blocks, size}).permute({1, 0, 3, 2, 4}).flatten(1, 2);
}

// What each block of queries sees: the blocks around it, then the first keys:
// [blocks, documents * heads, seen + first, e].
at::Tensor around_blocks(const at::Tensor& rows, const Blocks& blocks, std::int64_t first) {
  const at::Tensor all = in_blocks(rows, blocks.key_size, blocks.sides * blocks.key_size,
                                   blocks.count + 2 * blocks.sides);
  std::vector<at::Tensor> parts;
  for (std::int64_t shift = 0; shift <= 2 * blocks.sides; ++shift) {
    parts.push_back(all.narrow(0, shift, blocks.count));
  }
  if (first > 0) {
    const at::Tensor head = rows.narrow(1, 0, first).transpose(1, 2).flatten(0, 1);
    parts.push_back(head.unsqueeze(0).expand({blocks.count, -1, -1, -1}));
  }
  return at::cat(parts, 2);
}

// 0 for what a query sees, else kUnseen: [blocks, 1, size, seen + first]. Blocks differ only where
// what they see ends with the document or holds the first keys.
at::Tensor mask_of(const Blocks& blocks, const Window& window, const at::TensorOptions& options) {
  const at::TensorOptions places = options.dtype(at::kLong);
  const at::Tensor row = at::arange(blocks.size, places).unsqueeze(1);
  const std::int64_t begin = blocks.sides * blocks.key_size;
  const at::Tensor column = (at::arange(blocks.seen(), places) - begin) * window.stride;
  const at::Tensor near = (column - row).abs() <= window.reach;  // [size, seen]
  const at::Tensor band = at::zeros(near.sizes(), options).masked_fill(~near, kUnseen);
  const at::Tensor open = at::zeros({blocks.size, window.first}, options);
  at::Tensor mask = at::cat({band, open}, 1).expand({blocks.count, 1, -1, -1}).contiguous();
  for (std::int64_t b = 0; b < blocks.count; ++b) {
    const std::int64_t key = (b - blocks.sides) * blocks.key_size;  // of column 0
    const std::int64_t low = std::clamp<std::int64_t>(window.first - key, 0, blocks.seen());
    const std::int64_t high = std::clamp<std::int64_t>(blocks.keys - key, 0, blocks.seen());
    if (low > 0) mask[b].slice(2, 0, low).fill_(kUnseen);
    if (high < blocks.seen()) mask[b].slice(2, high, blocks.seen()).fill_(kUnseen);
  }
  return mask;
}

}  // namespace

at::Tensor window_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            const Window& window_in, at::ScalarType products) {
  if (query.size(1) - 1 <= window_in.reach) return full_attention(query, key, value, products);
  Window window = window_in;
  window.first = std::min(window.first, key.size(1));
  const Blocks blocks(query, key, window);
  const at::Tensor mixed = scaled_attention(
      in_blocks(query, blocks.size, 0, blocks.count).contiguous(),
      around_blocks(key, blocks, window.first), around_blocks(value, blocks, window.first),
      mask_of(blocks, window, query.options()), products);
  // [blocks, documents * heads, size, e] to [documents, length, heads, e].
  return mixed.unflatten(1, {query.size(0), query.size(2)})
      .permute({1, 0, 3, 2, 4})
      .flatten(1, 2)
      .narrow(1, 0, blocks.length);
}

}  // namespace fastformer::learn
