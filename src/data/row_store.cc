// Records to parts and back.
#include "data/row_store.h"

#include <fastformer/error.h>

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "data/corpus_reader.h"
#include "data/split.h"
#include "data/targets.h"

namespace fastformer::data {
namespace {

constexpr std::uint8_t kHasList = 1;

template <typename T>
std::span<const T> all_of(const std::vector<T>& values) {
  return values;
}

// Element i of values that end to end have these ends.
template <typename Values>
auto slice(const Values& values, std::span<const std::uint64_t> ends, std::size_t i) {
  const std::uint64_t begin = i == 0 ? 0 : ends[i - 1];
  if constexpr (std::is_same_v<Values, std::string_view>) {
    return values.substr(begin, ends[i] - begin);
  } else {
    return values.subspan(begin, ends[i] - begin);
  }
}

}  // namespace

void RowStoreWriter::Strings::add(std::string_view text) {
  bytes += text;
  ends.push_back(bytes.size());
  has_any = has_any || !text.empty();
}

void RowStoreWriter::Strings::write(io::PartFileWriter& file, const std::string& name) const {
  file.add(name, std::string_view(bytes));
  file.add(name + ".ends", has_any ? all_of(ends) : std::span<const std::uint64_t>());
}

RowStoreWriter::RowStoreWriter(io::PartFileWriter& file) : file_(file) { file.begin("text"); }

std::int32_t RowStoreWriter::number_of(const std::string& label) {
  const auto next = static_cast<std::int32_t>(label_numbers_.size());
  const auto [found, is_new] = label_numbers_.emplace(label, next);
  if (is_new) label_names_.add(label);
  if (is_new) label_names_.has_any = true;
  return found->second;
}

void RowStoreWriter::add(const Record& record) {
  file_.write(record.text);
  text_ends_.push_back(text_bytes_ += record.text.size());
  for (const std::string& label : labels_of(record)) {
    labels_.push_back(number_of(label));
    digest_.add(label);
    digest_.add("\n");
  }
  label_ends_.push_back(labels_.size());
  shares_.insert(shares_.end(), record.shares.begin(), record.shares.end());
  share_ends_.push_back(shares_.size());
  groups_.add(record.group);
  ids_.add(record.id);
  lines_.push_back(record.line);
  files_.push_back(record.file);
  kinds_.push_back(record.has_list ? kHasList : 0);
  digest_.add(record.text);
  digest_.add(record.group);
  digest_.add_values(all_of(record.shares));
  const std::uint64_t sizes[] = {record.text.size(), record.group.size(), labels_.size(),
                                 kinds_.back()};
  digest_.add_values(std::span<const std::uint64_t>(sizes));
}

void RowStoreWriter::finish(const std::vector<std::string>& report) {
  file_.add("text.ends", all_of(text_ends_));
  label_names_.write(file_, "label.names");
  file_.add("labels", all_of(labels_));
  file_.add("labels.ends", all_of(label_ends_));
  file_.add("shares", all_of(shares_));
  file_.add("shares.ends",
            shares_.empty() ? std::span<const std::uint64_t>() : all_of(share_ends_));
  groups_.write(file_, "group");
  ids_.write(file_, "id");
  file_.add("line", all_of(lines_));
  file_.add("file", all_of(files_));
  file_.add("kind", all_of(kinds_));
  file_.add("report", std::string_view(join(report, "\n")));
  const std::uint64_t fingerprint = digest_.value()[0];
  file_.add("fingerprint", std::span(&fingerprint, 1));
}

RowStore::RowStore(std::shared_ptr<const io::PartFile> file) : file_(std::move(file)) {
  kinds_ = file_->values<std::uint8_t>("kind");
  texts_ = strings("text", size());
  groups_ = strings("group", size());
  ids_ = strings("id", size());
  labels_ = file_->values<std::int32_t>("labels");
  label_ends_ = file_->values<std::uint64_t>("labels.ends");
  check(label_ends_.size() == size());
  check_ends(label_ends_, labels_.size());
  const auto names =
      strings("label.names", file_->values<std::uint64_t>("label.names.ends").size());
  for (std::size_t i = 0; i < names.ends.size(); ++i) label_names_.emplace_back(names.at(i));
  const auto names_known = static_cast<std::int32_t>(label_names_.size());
  for (const std::int32_t label : labels_) check(label >= 0 && label < names_known);
  shares_ = file_->values<float>("shares");
  share_ends_ = file_->values<std::uint64_t>("shares.ends");
  check(share_ends_.empty() || share_ends_.size() == size());
  check_ends(share_ends_, shares_.size());
  for (std::size_t row = 0; row < size(); ++row) {
    check(shares(row).empty() || shares(row).size() == labels(row).size());
  }
  lines_ = file_->values<std::int64_t>("line");
  files_ = file_->values<std::int32_t>("file");
  check(lines_.size() == size() && files_.size() == size());
  const std::string_view report = file_->bytes("report");
  if (!report.empty()) report_ = split(report, '\n');
  const auto fingerprint = file_->values<std::uint64_t>("fingerprint");
  check(fingerprint.size() == 1);
  fingerprint_ = fingerprint[0];
}

std::vector<std::uint64_t> RowStore::split_keys(std::uint64_t seed) const {
  std::vector<std::uint64_t> keys;
  keys.reserve(size());
  for (std::size_t row = 0; row < size(); ++row) {
    keys.push_back(split_key(group(row), text(row), seed));
  }
  release();
  return keys;
}

void RowStore::check(bool holds) const { file_->check(holds); }

void RowStore::check_ends(std::span<const std::uint64_t> ends, std::size_t size) const {
  check(std::is_sorted(ends.begin(), ends.end()) &&
        (ends.empty() ? size == 0 : ends.back() == size));
}

RowStore::Strings RowStore::strings(const std::string& name, std::size_t count) const {
  const Strings found = {file_->bytes(name), file_->values<std::uint64_t>(name + ".ends")};
  check(found.ends.empty() || found.ends.size() == count);
  check_ends(found.ends, found.bytes.size());
  return found;
}

std::string_view RowStore::Strings::at(std::size_t i) const {
  return ends.empty() ? std::string_view() : slice(bytes, ends, i);
}

std::span<const std::int32_t> RowStore::labels(std::size_t row) const {
  return slice(labels_, label_ends_, row);
}

std::span<const float> RowStore::shares(std::size_t row) const {
  return share_ends_.empty() ? std::span<const float>() : slice(shares_, share_ends_, row);
}

bool RowStore::has_list(std::size_t row) const { return (kinds_[row] & kHasList) != 0; }

std::string RowStore::place_of(std::size_t row, const std::vector<std::string>& files) const {
  Record record;
  record.file = files_[row];
  check(record.file >= 0 && static_cast<std::size_t>(record.file) < files.size());
  record.line = lines_[row];
  record.id = ids_.at(row);
  return data::place_of(record, files);
}

}  // namespace fastformer::data
