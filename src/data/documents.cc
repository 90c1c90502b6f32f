// Copies on the first change.
#include "data/documents.h"

#include <algorithm>

namespace fastformer::data {

Documents::Documents(const std::vector<std::vector<std::int32_t>>& documents) {
  for (const std::vector<std::int32_t>& ids : documents) add(ids);
}

Documents::Documents(std::shared_ptr<const io::PartFile> file, const std::string& name)
    : file_(std::move(file)),
      ids_(file_->values<std::int32_t>(name + ".ids")),
      ends_(file_->values<std::uint64_t>(name + ".ends")) {
  const std::uint64_t last = ends_.empty() ? 0 : ends_.back();
  file_->check(std::is_sorted(ends_.begin(), ends_.end()) && last == ids_.size());
}

Documents& Documents::operator=(Documents&& other) noexcept {
  file_ = std::exchange(other.file_, nullptr);
  own_ = std::exchange(other.own_, nullptr);
  ids_ = std::exchange(other.ids_, {});
  ends_ = std::exchange(other.ends_, {});
  return *this;
}

void Documents::release() const {
  if (file_) file_->release();
}

std::vector<std::int64_t> Documents::lengths() const {
  std::vector<std::int64_t> lengths;
  lengths.reserve(size());
  std::uint64_t begin = 0;
  for (const std::uint64_t end : ends_) {
    lengths.push_back(static_cast<std::int64_t>(end - begin));
    begin = end;
  }
  return lengths;
}

void Documents::add(std::span<const std::int32_t> given) {
  const std::vector<std::int32_t> ids(given.begin(), given.end());  // they may be of this one
  if (!own_ || own_.use_count() > 1) {
    own_ = std::make_shared<Owned>(Owned{{ids_.begin(), ids_.end()}, {ends_.begin(), ends_.end()}});
    file_.reset();
  }
  own_->ids.insert(own_->ids.end(), ids.begin(), ids.end());
  own_->ends.push_back(own_->ids.size());
  ids_ = own_->ids;
  ends_ = own_->ends;
}

}  // namespace fastformer::data
