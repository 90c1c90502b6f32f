// Fills the groups in one pass over the buckets.
#include "model/bucket_places.h"

#include <fastformer/error.h>

#include <string>

namespace fastformer::model {

BucketPlaces::BucketPlaces(NumberView<std::uint32_t> kept, std::uint32_t buckets)
    : groups_((std::size_t{buckets} + kGroup - 1) / kGroup) {
  std::size_t i = 0;
  bool ascending = true;
  std::int64_t last = -1;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    Group group{0, static_cast<std::uint32_t>(i)};
    for (; i < kept.size() && kept[i] / kGroup == g; ++i) {
      ascending &= kept[i] > last;
      last = kept[i];
      group.kept |= std::uint32_t{1} << (kept[i] % kGroup);
    }
    groups_[g] = group;
  }
  // A bucket that is too large, or in an earlier group than the last one, is never reached.
  if (i < kept.size() || !ascending || last >= buckets) {
    throw Error("the wide branch's buckets are not in ascending order below " +
                std::to_string(buckets));
  }
}

}  // namespace fastformer::model
