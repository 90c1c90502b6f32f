// Planning and filling of batches.
#include "data/batches.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "base/random.h"

namespace fastformer::data {
namespace {

using Plan = std::vector<std::vector<std::int64_t>>;

constexpr std::int64_t kPoolBatches = 100;
constexpr std::size_t kLeastPools = 4;

std::int64_t length_at(std::span<const std::int64_t> lengths, std::int64_t document) {
  return lengths[static_cast<std::size_t>(document)];
}

// How many documents from the front of `order` (at least one) stay within both bounds.
std::size_t fitting(std::span<const std::int64_t> order, std::span<const std::int64_t> lengths,
                    std::int64_t documents, std::int64_t tokens) {
  std::size_t count = 0;
  std::int64_t used = 0;
  while (count < order.size() &&
         static_cast<std::int64_t>(count) < std::max<std::int64_t>(1, documents)) {
    const std::int64_t length = length_at(lengths, order[count]);
    if (count > 0 && length > tokens - used) break;
    used += length;
    ++count;
  }
  return count;
}

// Appends the batches of consecutive documents of `order`.
void cut(std::span<const std::int64_t> order, std::span<const std::int64_t> lengths,
         const BatchOptions& options, Plan& plan) {
  while (!order.empty()) {
    const std::size_t count = fitting(order, lengths, options.batch_size, options.batch_tokens);
    plan.emplace_back(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count));
    order = order.subspan(count);
  }
}

std::vector<std::int64_t> all_of(std::span<const std::int64_t> lengths) {
  std::vector<std::int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  return order;
}

}  // namespace

void BatchOptions::describe(config::OptionSet& options) {
  options.group("Batches")
      .add("batch-size", &batch_size, {0, 1000000},
           "documents in a batch, at most; 0: by the number of rows")
      .add("batch-tokens", &batch_tokens, {1, 1000000000},
           "tokens in a batch, at most; a longer document is a batch of its own")
      .add("bucket", &bucket, "put documents of like length into a batch");
}

Plan plan_batches(std::span<const std::int64_t> lengths, const BatchOptions& options,
                  std::uint64_t seed, int epoch) {
  Random random(hash_of({seed, static_cast<std::uint64_t>(epoch)}));
  std::vector<std::int64_t> order = all_of(lengths);
  shuffle(std::span(order), random);

  Plan plan;
  const std::size_t quarter = (order.size() + kLeastPools - 1) / kLeastPools;
  for (std::span<std::int64_t> rest = order; !rest.empty();) {
    const std::size_t most = fitting(rest, lengths, kPoolBatches * options.batch_size,
                                     kPoolBatches * options.batch_tokens);
    const std::span<std::int64_t> pool = rest.first(std::min(most, quarter));
    if (options.bucket) {
      std::stable_sort(pool.begin(), pool.end(), [&](std::int64_t a, std::int64_t b) {
        return length_at(lengths, a) < length_at(lengths, b);
      });
    }
    cut(pool, lengths, options, plan);
    rest = rest.subspan(pool.size());
  }
  shuffle(std::span(plan), random);
  return plan;
}

Plan plan_in_order(std::span<const std::int64_t> lengths, const BatchOptions& options) {
  Plan plan;
  cut(all_of(lengths), lengths, options, plan);
  return plan;
}

RaggedBatch make_batch(const Documents& documents, std::span<const std::int64_t> indices) {
  RaggedBatch batch;
  batch.documents.assign(indices.begin(), indices.end());
  batch.offsets.reserve(indices.size() + 1);
  batch.offsets.push_back(0);
  for (const std::int64_t index : indices) {
    const std::span<const std::int32_t> document = documents[static_cast<std::size_t>(index)];
    batch.offsets.push_back(batch.offsets.back() + static_cast<std::int64_t>(document.size()));
  }
  batch.ids.reserve(static_cast<std::size_t>(batch.offsets.back()));
  for (const std::int64_t index : indices) {
    const std::span<const std::int32_t> document = documents[static_cast<std::size_t>(index)];
    batch.ids.insert(batch.ids.end(), document.begin(), document.end());
  }
  return batch;
}

}  // namespace fastformer::data
