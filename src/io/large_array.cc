// Anonymous memory that moves into an unnamed file.
#include "io/large_array.h"

#include <fastformer/error.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "base/strings.h"
#include "io/files.h"

namespace fastformer::io {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kFewest = std::size_t{64} << 10;  // bytes of a first allocation

std::size_t whole_pages(std::size_t size) { return (size + kPage - 1) / kPage * kPage; }

}  // namespace

LargeBytes::LargeBytes(SpillPlace place) : place_(std::move(place)) {}

LargeBytes::~LargeBytes() {
  if (data_) operations().unmap(data_, capacity_);
  if (file_ >= 0) operations().close(file_);
}

LargeBytes::LargeBytes(LargeBytes&& other) noexcept { *this = std::move(other); }

LargeBytes& LargeBytes::operator=(LargeBytes&& other) noexcept {
  std::swap(place_, other.place_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  std::swap(file_, other.file_);
  return *this;
}

void LargeBytes::resize(std::size_t size) {
  if (size > capacity_) reserve(whole_pages(std::max({size, capacity_ + capacity_ / 2, kFewest})));
  size_ = size;
}

void LargeBytes::reserve(std::size_t capacity) {
  if (file_ < 0 && !place_.folder.empty() && capacity > place_.most_in_memory) {
    return move_to_file(capacity);
  }
  if (file_ >= 0 && operations().allocate(file_, capacity) != 0) {
    fail_with_errno(
        "make room for " + format_count(static_cast<std::int64_t>(capacity)) + " bytes there",
        place_.folder, "Free some space");
  }
  void* grown =
      data_ ? operations().grow(data_, capacity_, capacity) : operations().map_memory(capacity);
  if (!grown) throw std::bad_alloc();
  data_ = static_cast<std::byte*>(grown);
  capacity_ = capacity;
}

void LargeBytes::move_to_file(std::size_t capacity) {
  const std::string path = join_path(place_.folder, "spill.unfinished");
  LargeBytes moved;
  moved.file_ = operations().open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (moved.file_ < 0) fail_with_errno("open it for writing", path);
  operations().unlink(path);
  if (operations().allocate(moved.file_, capacity) != 0) {
    fail_with_errno("make room for " + format_count(static_cast<std::int64_t>(capacity)) + " bytes",
                    path, "Free some space");
  }
  void* mapped = operations().map_shared(moved.file_, capacity);
  if (!mapped) fail_with_errno("map it into memory", path);
  moved.data_ = static_cast<std::byte*>(mapped);
  moved.capacity_ = capacity;
  moved.size_ = size_;
  moved.place_ = place_;
  if (size_ > 0) std::memcpy(moved.data_, data_, size_);
  *this = std::move(moved);
}

void LargeBytes::release() const {
  if (file_ >= 0) operations().release(data_, capacity_);
}

void LargeBytes::read_ahead(std::size_t begin, std::size_t end) const {
  if (file_ >= 0) operations().read_ahead(data_ + begin, end - begin);
}

}  // namespace fastformer::io
