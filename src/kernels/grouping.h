// Equal numbers brought together: the distinct ones, and where each of them stands.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fastformer::kernels {

struct Grouping {
  std::vector<std::int64_t> values;    // distinct, ascending
  std::vector<std::int32_t> group_of;  // [items]: an item's place in `values`
  std::vector<std::int32_t> starts;  // [values + 1]: group g is places[starts[g] .. starts[g + 1])
  std::vector<std::int32_t> places;  // [items]: where the group's items stand, ascending

  std::int64_t groups() const { return static_cast<std::int64_t>(values.size()); }
};

// Groups items from [0, 2^31), of which there are fewer than 2^31, in linear time.
Grouping group_equal(std::span<const std::int64_t> items);

}  // namespace fastformer::kernels
