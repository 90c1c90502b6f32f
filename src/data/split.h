// Splits validation rows off a training corpus.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/record.h"

namespace fastformer::data {

// Indices of records, ascending.
struct Split {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> valid;
};

// Puts about `share` of the records, at random by `seed`, on the validation side. Records of one
// group stay together; a record without a group stays with those of the same text. A record's side
// depends on nothing but its group (or text), share and seed, save that neither side is left empty
// when there are two groups or more and share is above 0. Throws a usage error unless 0 <= share
// < 1.
Split split_for_validation(std::span<const Record> records, double share, std::uint64_t seed);

// The number, from 0, of each record's part when the records are split into at most `count` parts
// with about as many records each, at random by `seed`; what stays together is as above. Parts are
// fewer where groups are few or large; none is empty. Throws a usage error for a count below 1.
std::vector<int> split_into_folds(std::span<const Record> records, int count, std::uint64_t seed);

}  // namespace fastformer::data
