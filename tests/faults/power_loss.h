// What may stand on a disk when the power fails: what was synced, and any part of the rest.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/files.h"
#include "recorded_calls.h"

namespace fastformer {

// Files by their paths from the root folder on; a folder's path ends in '/'.
using DiskContent = std::map<std::string, std::string>;

// A disk that remembers what is durable. The bytes of a file are so after its fsync, and a name
// after the fsync of its folder, as POSIX has it: file systems promise more, each in its own way.
class Disk {
 public:
  // The folder `root` and what is in it are durable to begin with.
  Disk(std::string root, const DiskContent& content) : root_(std::move(root)) {
    nodes_.push_back({.is_folder = true});
    for (const auto& [path, bytes] : content) {
      const Place place = place_of(io::join_path(root_, path));
      add_name(place, new_node(path.ends_with('/')));
      nodes_.back().now = nodes_.back().durable = bytes;
    }
    for (Node& node : nodes_) sync(node);
  }

  void apply(const DiskCall& call) {
    const Place place = place_of(call.path);
    switch (call.kind) {
      case DiskCall::Kind::kCreate:
      case DiskCall::Kind::kMakeFolder:
        add_name(place, new_node(call.kind == DiskCall::Kind::kMakeFolder));
        break;
      case DiskCall::Kind::kEmpty:
        node_at(place).now.clear();
        break;
      case DiskCall::Kind::kWrite:
        node_at(place).now += call.more;
        break;
      case DiskCall::Kind::kSync:
        sync(node_at(place));
        break;
      case DiskCall::Kind::kRename: {
        const Place to = place_of(call.more);
        if (to.folder != place.folder) throw std::logic_error("a rename between folders");
        change(place.folder, {{place.name, kNone}, {to.name, index_at(place)}});
        break;
      }
      case DiskCall::Kind::kRemove:
        change(place.folder, {{place.name, kNone}});
        break;
    }
  }

  // What may be found after a power loss: all that is not durable kept; all lost; names kept
  // without their bytes, or with half of them; one change of names or one file's bytes kept alone;
  // one change lost alone; the changes of names up to one of them.
  std::set<DiskContent> after_power_loss() const {
    std::set<DiskContent> found;
    const auto all = [](std::size_t) { return true; };
    const auto none = [](std::size_t) { return false; };
    for (const Bytes bytes : {Bytes::kNow, Bytes::kDurable, Bytes::kHalf}) {
      found.insert(content(all, bytes, kNone));
      found.insert(content(none, bytes, kNone));
    }
    for (const std::size_t i : pending()) {
      for (const Bytes bytes : {Bytes::kNow, Bytes::kDurable}) {
        found.insert(content([&](std::size_t change) { return change == i; }, bytes, kNone));
        found.insert(content([&](std::size_t change) { return change != i; }, bytes, kNone));
        found.insert(content([&](std::size_t change) { return change <= i; }, bytes, kNone));
      }
    }
    for (int i = 0; i < static_cast<int>(nodes_.size()); ++i) {
      const Node& node = nodes_[static_cast<std::size_t>(i)];
      if (node.now != node.durable) found.insert(content(all, Bytes::kDurable, i));
    }
    return found;
  }

 private:
  static constexpr int kNone = -1;
  enum class Bytes { kNow, kDurable, kHalf };

  using Names = std::map<std::string, int>;  // to indices of nodes
  // Names that one call changes, to a node or to kNone, and the call's number.
  struct Change {
    std::size_t number;
    std::vector<std::pair<std::string, int>> names;
  };
  struct Node {
    bool is_folder = false;
    std::string now = {}, durable = {};
    Names names = {}, durable_names = {};
    std::vector<Change> pending = {};  // between durable_names and names
  };
  struct Place {
    int folder;
    std::string name;  // empty: the folder itself
  };

  Place place_of(const std::string& path) const {
    std::string_view rest(path);
    if (!rest.starts_with(root_)) throw std::logic_error(path + " is elsewhere");
    rest.remove_prefix(std::min(rest.size(), root_.size() + 1));
    rest = io::without_final_slashes(rest);
    Place place = {0, std::string(rest)};
    for (std::size_t slash; (slash = place.name.find('/')) != std::string::npos;) {
      place.folder = at(place.folder).names.at(place.name.substr(0, slash));
      place.name.erase(0, slash + 1);
    }
    return place;
  }
  const Node& at(int index) const { return nodes_.at(static_cast<std::size_t>(index)); }
  int index_at(const Place& place) const {
    return place.name.empty() ? place.folder : at(place.folder).names.at(place.name);
  }
  Node& node_at(const Place& place) { return nodes_.at(static_cast<std::size_t>(index_at(place))); }

  int new_node(bool is_folder) {
    nodes_.push_back({.is_folder = is_folder});
    return static_cast<int>(nodes_.size()) - 1;
  }
  void add_name(const Place& place, int node) { change(place.folder, {{place.name, node}}); }
  void change(int folder, std::vector<std::pair<std::string, int>> names) {
    Node& node = nodes_.at(static_cast<std::size_t>(folder));
    apply(names, node.names);
    node.pending.push_back({changes_++, std::move(names)});
  }
  static void apply(const std::vector<std::pair<std::string, int>>& changed, Names& names) {
    for (const auto& [name, index] : changed) {
      names.erase(name);
      if (index != kNone) names[name] = index;
    }
  }
  static void sync(Node& node) {
    node.durable = node.now;
    node.durable_names = node.names;
    node.pending.clear();
  }

  // The numbers of the changes of names that are not durable.
  std::vector<std::size_t> pending() const {
    std::vector<std::size_t> numbers;
    for (const Node& node : nodes_) {
      for (const Change& change : node.pending) numbers.push_back(change.number);
    }
    return numbers;
  }

  // `keeps`: whether a change of names came through, by its number. The bytes of files are `bytes`,
  // but of the file `whole` those of now.
  template <typename Keeps>
  DiskContent content(const Keeps& keeps, Bytes bytes, int whole) const {
    DiskContent files;
    add_content(0, "", keeps, bytes, whole, files);
    return files;
  }
  template <typename Keeps>
  void add_content(int folder, const std::string& before, const Keeps& keeps, Bytes bytes,
                   int whole, DiskContent& files) const {
    Names names = at(folder).durable_names;
    for (const Change& change : at(folder).pending) {
      if (keeps(change.number)) apply(change.names, names);
    }
    for (const auto& [name, index] : names) {
      const Node& node = at(index);
      if (node.is_folder) {
        files[before + name + "/"] = "";
        add_content(index, before + name + "/", keeps, bytes, whole, files);
      } else if (bytes == Bytes::kNow || index == whole || node.now == node.durable) {
        files[before + name] = node.now;
      } else {
        files[before + name] =
            bytes == Bytes::kHalf ? node.now.substr(0, node.now.size() / 2) : node.durable;
      }
    }
  }

  std::string root_;
  std::vector<Node> nodes_;
  std::size_t changes_ = 0;
};

// Calls check(content, done) for everything that may be found when the power fails before the
// call with the number `done`, for each `done` from 0 to calls.size(); returns how many there were.
template <typename Check>
std::size_t for_each_power_loss(Disk disk, const std::vector<DiskCall>& calls, const Check& check) {
  std::size_t count = 0;
  for (std::size_t done = 0; done <= calls.size(); ++done) {
    for (const DiskContent& content : disk.after_power_loss()) {
      check(content, done);
      ++count;
    }
    if (done < calls.size()) disk.apply(calls[done]);
  }
  return count;
}

}  // namespace fastformer
