// Sorts (item, place) by the item, digit by digit.
#include "kernels/grouping.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace fastformer::kernels {
namespace {

constexpr int kDigitBits = 11;
constexpr int kPlaceBits = 32;

// Stable counting sort by the digit that begins at bit `shift`.
void sort_by_digit(const std::vector<std::uint64_t>& from, int shift,
                   std::vector<std::uint64_t>& to) {
  constexpr std::uint64_t kMask = (1U << kDigitBits) - 1;
  std::array<std::uint32_t, std::size_t{1} << kDigitBits> next{};
  for (std::uint64_t item : from) ++next[item >> shift & kMask];
  std::uint32_t sum = 0;
  for (std::uint32_t& count : next) sum += std::exchange(count, sum);
  for (std::uint64_t item : from) to[next[item >> shift & kMask]++] = item;
}

}  // namespace

Grouping group_equal(std::span<const std::int64_t> items) {
  std::vector<std::uint64_t> order(items.size()), sorted(items.size());
  std::uint64_t largest = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto item = static_cast<std::uint64_t>(items[i]);
    order[i] = item << kPlaceBits | i;
    largest = std::max(largest, item);
  }
  const int bits = static_cast<int>(std::bit_width(largest));
  for (int shift = 0; shift < bits; shift += kDigitBits) {
    sort_by_digit(order, kPlaceBits + shift, sorted);
    order.swap(sorted);
  }

  Grouping grouping;
  grouping.group_of.resize(items.size());
  grouping.places.resize(items.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto item = static_cast<std::int64_t>(order[i] >> kPlaceBits);
    const auto place = static_cast<std::uint32_t>(order[i]);
    if (i == 0 || item != grouping.values.back()) {
      grouping.values.push_back(item);
      grouping.starts.push_back(static_cast<std::int32_t>(i));
    }
    grouping.group_of[place] = static_cast<std::int32_t>(grouping.values.size() - 1);
    grouping.places[i] = static_cast<std::int32_t>(place);
  }
  grouping.starts.push_back(static_cast<std::int32_t>(items.size()));
  return grouping;
}

}  // namespace fastformer::kernels
