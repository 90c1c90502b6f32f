// Splits validation rows off a training corpus.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace fastformer::data {

// Indices of rows, ascending.
struct Split {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> valid;
};

// What a row is split by: records of one group stay together, and one without a group stays with
// those of the same text.
std::uint64_t split_key(std::string_view group, std::string_view text, std::uint64_t seed);

// Puts about `share` of the rows with these keys on the validation side. A row's side depends on
// nothing but its key and the share, save that neither side is left empty when there are two keys
// or more and share is above 0. Throws a usage error unless 0 <= share < 1.
Split split_for_validation(std::span<const std::uint64_t> keys, double share);

// The number, from 0, of each row's part when the rows are split into at most `count` parts with
// about as many rows each; equal keys stay together. Parts are fewer where keys are few or shared
// by many rows; none is empty. Throws a usage error for a count below 1.
std::vector<int> split_into_folds(std::span<const std::uint64_t> keys, int count);

}  // namespace fastformer::data
