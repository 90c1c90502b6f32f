// Four lanes of multiplications and rotations, mixed at the end.
#include "base/digest.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/random.h"

namespace fastformer {

void Digest::add_stripes(const char* bytes, std::size_t stripes) {
  std::array<std::uint64_t, 4> lanes = lanes_;  // a copy, which stays in registers
  for (; stripes > 0; --stripes, bytes += kStripe) {
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      std::uint64_t word;
      std::memcpy(&word, bytes + lane * sizeof(word), sizeof(word));
      if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
      lanes[lane] =
          std::rotl(lanes[lane] ^ (word * 0x9e3779b97f4a7c15ULL), 29) * 0xbf58476d1ce4e5b9ULL +
          lane;
    }
  }
  lanes_ = lanes;
}

void Digest::add(std::string_view bytes) {
  const std::size_t held = count_ % kStripe;
  count_ += bytes.size();
  if (held > 0) {
    const std::size_t taken = std::min(kStripe - held, bytes.size());
    std::copy_n(bytes.data(), taken, rest_.data() + held);
    bytes.remove_prefix(taken);
    if (held + taken < kStripe) return;
    add_stripes(rest_.data(), 1);
  }
  add_stripes(bytes.data(), bytes.size() / kStripe);
  bytes.remove_prefix(bytes.size() / kStripe * kStripe);
  std::copy(bytes.begin(), bytes.end(), rest_.data());
}

std::array<std::uint64_t, 2> Digest::value() const {
  Digest last = *this;
  const std::size_t held = count_ % kStripe;
  std::fill(last.rest_.begin() + static_cast<std::ptrdiff_t>(held), last.rest_.end(), '\0');
  last.add_stripes(last.rest_.data(), 1);
  const auto& [a, b, c, d] = last.lanes_;
  return {hash_of({count_, a, b, c, d}), hash_of({d, c, b, a, count_, 1})};
}

std::string Digest::hex() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint64_t half : value()) {
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(half >> shift) & 15];
  }
  return text;
}

}  // namespace fastformer
