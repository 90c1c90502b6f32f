// Sides by a hash of the group.
#include "data/split.h"

#include <fastformer/error.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/random.h"
#include "base/strings.h"

namespace fastformer::data {
namespace {

double position_of(std::uint64_t key) { return static_cast<double>(key >> 11) * 0x1.0p-53; }

}  // namespace

std::uint64_t split_key(std::string_view group, std::string_view text, std::uint64_t seed) {
  // Hashed apart, so that a text that reads like a group's name is not in it.
  return group.empty() ? hash_of(text, hash_of({seed, 2})) : hash_of(group, hash_of({seed, 1}));
}

Split split_for_validation(std::span<const std::uint64_t> keys, double share) {
  if (!(share >= 0 && share < 1)) {
    throw usage_error("a validation share of " + format_double(share) +
                      " is not from 0 to below 1");
  }
  Split split;
  if (keys.empty()) return split;

  const auto [lowest, highest] = std::minmax_element(keys.begin(), keys.end());
  const bool has_two_sides = share > 0 && *lowest != *highest;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    bool is_valid = has_two_sides && position_of(keys[i]) < share;
    if (has_two_sides && keys[i] == *lowest) is_valid = true;
    if (has_two_sides && keys[i] == *highest) is_valid = false;
    (is_valid ? split.valid : split.train).push_back(static_cast<std::int64_t>(i));
  }
  return split;
}

std::vector<int> split_into_folds(std::span<const std::uint64_t> keys, int count) {
  if (count < 1) throw usage_error("rows cannot be split into " + std::to_string(count) + " parts");
  // Rows of each key, in the order of the keys.
  std::map<std::uint64_t, std::size_t> rows;
  for (const std::uint64_t key : keys) ++rows[key];
  std::map<std::uint64_t, int> part_of;
  std::size_t before = 0, last = 0;
  int part = -1;
  for (const auto& [key, number] : rows) {
    const std::size_t wanted = before * static_cast<std::size_t>(count) / keys.size();
    if (part < 0 || wanted != last) ++part;
    last = wanted;
    part_of[key] = part;
    before += number;
  }
  std::vector<int> folds;
  folds.reserve(keys.size());
  for (const std::uint64_t key : keys) folds.push_back(part_of[key]);
  return folds;
}

}  // namespace fastformer::data
