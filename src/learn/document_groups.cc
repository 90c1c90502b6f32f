// Orders documents by length.
#include "learn/document_groups.h"

#include <algorithm>
#include <numeric>

#include "learn/device.h"

namespace fastformer::learn {

DocumentGroups::DocumentGroups(const Ragged& ragged) {
  const std::vector<std::int64_t> lengths = ragged.lengths();
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lengths[a] < lengths[b]; });
  std::vector<std::int64_t> places;
  places.reserve(static_cast<std::size_t>(ragged.tokens()));
  for (const std::size_t b : order) {
    if (lengths[b] == 0) continue;
    if (lengths_.empty() || lengths_.back() != lengths[b]) {
      lengths_.push_back(lengths[b]);
      tokens_.push_back(0);
    }
    tokens_.back() += lengths[b];
    for (std::int64_t i = ragged.offsets[b]; i < ragged.offsets[b + 1]; ++i) places.push_back(i);
  }
  if (std::is_sorted(places.begin(), places.end())) return;
  const at::Device device = ragged.document_of.device();
  order_ = on_device(at::tensor(places, at::kLong), device);
  back_ = order_.argsort();
}

at::Tensor DocumentGroups::gather(const at::Tensor& rows) const {
  return order_.defined() ? rows.index_select(0, order_) : rows;
}

at::Tensor DocumentGroups::scatter(const at::Tensor& gathered) const {
  return back_.defined() ? gathered.index_select(0, back_) : gathered;
}

std::vector<at::Tensor> DocumentGroups::split(const at::Tensor& gathered) const {
  std::vector<at::Tensor> groups = gathered.split_with_sizes(tokens_);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    groups[g] = groups[g].view({-1, lengths_[g], gathered.size(1)});
  }
  return groups;
}

at::Tensor DocumentGroups::join(const std::vector<at::Tensor>& groups) {
  std::vector<at::Tensor> rows;
  rows.reserve(groups.size());
  for (const at::Tensor& group : groups) rows.push_back(group.reshape({-1, group.size(-1)}));
  return rows.size() == 1 ? rows[0] : at::cat(rows);
}

}  // namespace fastformer::learn
