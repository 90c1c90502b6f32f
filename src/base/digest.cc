// Four lanes of multiplications and rotations, mixed at the end.
#include "base/digest.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/random.h"

namespace fastformer {

void Digest::add_stripe(const char* bytes) {
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
    std::uint64_t word;
    std::memcpy(&word, bytes + lane * sizeof(word), sizeof(word));
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    lanes_[lane] =
        std::rotl(lanes_[lane] ^ (word * 0x9e3779b97f4a7c15ULL), 29) * 0xbf58476d1ce4e5b9ULL + lane;
  }
}

void Digest::add(std::string_view bytes) {
  const std::size_t held = count_ % kStripe;
  count_ += bytes.size();
  if (held > 0) {
    const std::size_t taken = std::min(kStripe - held, bytes.size());
    std::copy_n(bytes.data(), taken, rest_.data() + held);
    bytes.remove_prefix(taken);
    if (held + taken < kStripe) return;
    add_stripe(rest_.data());
  }
  for (; bytes.size() >= kStripe; bytes.remove_prefix(kStripe)) add_stripe(bytes.data());
  std::copy(bytes.begin(), bytes.end(), rest_.data());
}

std::array<std::uint64_t, 2> Digest::value() const {
  Digest last = *this;
  const std::size_t held = count_ % kStripe;
  std::fill(last.rest_.begin() + static_cast<std::ptrdiff_t>(held), last.rest_.end(), '\0');
  last.add_stripe(last.rest_.data());
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
