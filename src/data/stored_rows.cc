// Keys of corpora, and the reading of those that no file holds yet.
#include "data/stored_rows.h"

#include <fastformer/error.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/digest.h"
#include "base/log.h"
#include "config/json_text.h"
#include "data/corpus_reader.h"
#include "io/files.h"

namespace fastformer::data {
namespace {

const std::string kLayout = "rows 1 ";  // of RowStore
// Reading fewer bytes takes no longer than looking for them.
constexpr std::int64_t kFewestBytes = 100'000;

// Files with sizes and times of change, of a folder all that is in it.
struct Stamp {
  Digest digest;
  std::int64_t bytes = 0;
  std::int64_t newest = 0;  // nanoseconds since the epoch
  bool is_whole = true;     // none is a pipe or a device, whose bytes come once
};

void add_number(Digest& digest, std::uint64_t number) {
  digest.add_values(std::span<const std::uint64_t>(&number, 1));
}

// Calls visit(path, status) for every file that is read, in an order that the names decide: a
// folder's classes and their documents, without names that begin with a dot.
template <typename Visit>
void for_each_file(const std::string& path, const Visit& visit, int depth = 0) {
  const io::FileStatus status = io::status_of(path);
  if (!status.is_directory) return visit(path, status);
  if (depth == 2) return;
  for (const std::string& name : io::list_directory(path)) {
    if (!name.starts_with('.')) for_each_file(io::join_path(path, name), visit, depth + 1);
  }
}

Stamp stamp_of(const std::string& path) {
  Stamp stamp;
  for_each_file(path, [&stamp](const std::string& file, const io::FileStatus& status) {
    stamp.digest.add(file);
    for (const std::int64_t fact :
         {static_cast<std::int64_t>(status.device), static_cast<std::int64_t>(status.inode),
          status.size, status.modified_ns, status.changed_ns}) {
      add_number(stamp.digest, static_cast<std::uint64_t>(fact));
    }
    stamp.bytes += status.size;
    stamp.newest = std::max({stamp.newest, status.modified_ns, status.changed_ns});
    stamp.is_whole = stamp.is_whole && status.is_regular;
  });
  return stamp;
}

// Two changes within the clock's resolution look like one.
bool is_settled(const Stamp& stamp) {
  constexpr std::int64_t kResolution = 2'000'000'000;
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  return now.count() - stamp.newest > kResolution;
}

std::string digest_of_bytes(const std::string& path) {
  constexpr std::size_t kStep = std::size_t{64} << 20;
  Digest digest;
  for_each_file(path, [&](const std::string& file, const io::FileStatus& status) {
    digest.add(std::string_view(file).substr(path.size()));
    add_number(digest, static_cast<std::uint64_t>(status.size));
    if (!status.is_regular) return;
    const io::MappedFile mapped(file);
    const std::string_view bytes(reinterpret_cast<const char*>(mapped.bytes().data()),
                                 mapped.bytes().size());
    for (std::size_t at = 0; at < bytes.size(); at += kStep) {
      digest.add(bytes.substr(at, kStep));
      mapped.release();
    }
  });
  return digest.hex();
}

// What the rows of these files follow from; nothing when they are not worth keeping or cannot be
// kept.
std::optional<std::string> key_of(const std::vector<std::string>& files, CorpusOptions options,
                                  bool needs_label, const io::CacheFolder& cache) try {
  if (!cache.keeps()) return {};
  std::int64_t bytes = 0;
  Digest key;
  for (const std::string& file : files) {
    if (file == "-" || !io::exists(file)) return {};
    const Stamp stamp = stamp_of(file);
    if (!stamp.is_whole) return {};
    bytes += stamp.bytes;
  }
  if (bytes < kFewestBytes || bytes > cache.most_bytes()) return {};
  for (const std::string& file : files) {
    key.add(file + "\n");
    key.add(content_of(file, cache));
  }
  add_number(key, static_cast<std::uint64_t>(options.target));
  options.target = Target::kAuto;  // kSoft has no name
  config::OptionSet set;
  options.describe(set);
  key.add(config::json_text(set.to_json()) + options.delimiter + "\n" + options.left_out_column);
  key.add(needs_label ? "\n1" : "\n0");
  key.add(kLayout + io::program_stamp());
  return key.hex();
} catch (const Error&) {
  return {};  // reading says what is wrong, or leaves it out
}

}  // namespace

std::string content_of(const std::string& path, const io::CacheFolder& cache) {
  const Stamp stamp = stamp_of(path);
  const std::string name = stamp.digest.hex();
  const std::size_t length = Digest().hex().size();
  if (const auto known = cache.note(name); known && known->size() == length) return *known;
  const std::string content = digest_of_bytes(path);
  if (is_settled(stamp) && stamp_of(path).digest.hex() == name) cache.set_note(name, content);
  return content;
}

RowStore stored_rows(const std::vector<std::string>& files, const CorpusOptions& options,
                     bool needs_label, const io::CacheFolder& cache,
                     const ParallelFor& parallel_for) {
  const std::optional<std::string> key = key_of(files, options, needs_label, cache);
  const std::string name = "rows-" + key.value_or("");
  if (key) {
    if (auto found = cache.find(name)) {
      try {
        RowStore rows(std::move(found));
        log_info("rows as an earlier run read them, from " + cache.folder());
        return rows;
      } catch (const Error&) {
        // Made by another build of this version: it is made anew.
      }
    }
  }
  const auto write = [&](io::PartFileWriter& file) {
    CorpusReader reader(files, options, needs_label, parallel_for);
    RowStoreWriter rows(file);
    std::vector<Record> block;
    while (reader.read_block(block)) {
      for (const Record& record : block) rows.add(record);
    }
    rows.finish(reader.report().summary());
    const bool is_unchanged = !key || key_of(files, options, needs_label, cache) == key;
    if (!is_unchanged) log_warning("files changed while they were read: they are not kept");
    return is_unchanged;
  };
  return RowStore(cache.make(name, write, key.has_value()));
}

}  // namespace fastformer::data
