// Token ids of many documents, end to end, in memory or in a mapped file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "io/part_file.h"

namespace fastformer::data {

// A value: copies are cheap, and adding to one does not change another.
class Documents {
 public:
  Documents() = default;
  Documents(const Documents&) = default;
  Documents& operator=(const Documents&) = default;
  // Leaves an empty one behind.
  Documents(Documents&& other) noexcept { *this = std::move(other); }
  Documents& operator=(Documents&& other) noexcept;
  Documents(const std::vector<std::vector<std::int32_t>>& documents);
  // Of two parts of a file, NAME.ids and NAME.ends: document i ends before ids[ends[i]]. Throws an
  // Error when they do not fit together.
  Documents(std::shared_ptr<const io::PartFile> file, const std::string& name);

  std::size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  std::int64_t tokens() const { return static_cast<std::int64_t>(ids_.size()); }
  std::span<const std::int32_t> operator[](std::size_t document) const {
    const std::uint64_t begin = document == 0 ? 0 : ends_[document - 1];
    return ids_.subspan(begin, ends_[document] - begin);
  }
  // Tokens of each document.
  std::vector<std::int64_t> lengths() const;

  void add(std::span<const std::int32_t> ids);
  // Lets go of the memory that holds documents looked at so far, where a file has them.
  void release() const;

 private:
  struct Owned {
    std::vector<std::int32_t> ids;
    std::vector<std::uint64_t> ends;
  };

  std::shared_ptr<const io::PartFile> file_;
  std::shared_ptr<Owned> own_;  // what ids_ and ends_ view, unless a file has it
  std::span<const std::int32_t> ids_;
  std::span<const std::uint64_t> ends_;
};

}  // namespace fastformer::data
