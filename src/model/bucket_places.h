// Which buckets of n-grams a table keeps, and where each of them stands in it.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "base/number_view.h"

namespace fastformer::model {

// A bit for each bucket and, for 32 buckets together, how many are kept before them: small enough
// to stay in the cache where the table itself does not.
class BucketPlaces {
 public:
  static constexpr std::uint32_t kAbsent = UINT32_MAX;

  BucketPlaces() = default;
  // `kept` in ascending order, each below `buckets`; else an Error.
  BucketPlaces(NumberView<std::uint32_t> kept, std::uint32_t buckets);

  // Where the bucket, which is below `buckets`, stands among those kept, or kAbsent.
  std::uint32_t of(std::uint32_t bucket) const {
    const Group group = groups_[bucket / kGroup];
    const std::uint32_t bit = std::uint32_t{1} << (bucket % kGroup);
    if ((group.kept & bit) == 0) return kAbsent;
    return group.before + static_cast<std::uint32_t>(std::popcount(group.kept & (bit - 1)));
  }

 private:
  static constexpr std::uint32_t kGroup = 32;
  struct Group {
    std::uint32_t kept = 0;  // a bit each, the lowest for the first bucket
    std::uint32_t before = 0;
  };

  std::vector<Group> groups_;
};

}  // namespace fastformer::model
