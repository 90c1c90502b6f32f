// The rows of a corpus as they are kept between reading and learning: in a mapped file, so that
// they may be more than memory holds.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/record.h"
#include "io/part_file.h"

namespace fastformer::data {

// Writes records as the parts of a file. Some fifty bytes a row, its id and its group are
// held in memory until finish().
class RowStoreWriter {
 public:
  explicit RowStoreWriter(io::PartFileWriter& file);

  void add(const Record& record);
  // `report`: what a user should know of the reading, line by line.
  void finish(const std::vector<std::string>& report);

 private:
  // Strings end to end.
  struct Strings {
    std::string bytes;
    std::vector<std::uint64_t> ends;
    bool has_any = false;

    void add(std::string_view text);
    void write(io::PartFileWriter& file, const std::string& name) const;
  };

  std::int32_t number_of(const std::string& label);

  io::PartFileWriter& file_;
  std::uint64_t text_bytes_ = 0;
  std::vector<std::uint64_t> text_ends_;
  Strings label_names_, groups_, ids_;
  std::unordered_map<std::string, std::int32_t> label_numbers_;
  std::vector<std::int32_t> labels_;
  std::vector<std::uint64_t> label_ends_;
  std::vector<float> shares_;
  std::vector<std::uint64_t> share_ends_;
  std::vector<std::int64_t> lines_;
  std::vector<std::int32_t> files_;
  std::vector<std::uint8_t> kinds_;
  Digest digest_;
};

// Reads them. What it hands out lies in the file, which it keeps.
class RowStore {
 public:
  // Throws an Error when the parts do not fit together.
  explicit RowStore(std::shared_ptr<const io::PartFile> file);

  std::size_t size() const { return kinds_.size(); }
  std::string_view text(std::size_t row) const { return texts_.at(row); }
  // Empty unless there is a group column.
  std::string_view group(std::size_t row) const { return groups_.at(row); }
  // Numbers into label_names(): of its list, its one label, or none.
  std::span<const std::int32_t> labels(std::size_t row) const;
  // One share a label where the row has a distribution, else none.
  std::span<const float> shares(std::size_t row) const;
  bool has_list(std::size_t row) const;
  // In the order in which they were met.
  const std::vector<std::string>& label_names() const { return label_names_; }
  // Bytes of all texts.
  std::size_t text_bytes() const { return texts_.bytes.size(); }
  const std::vector<std::string>& report() const { return report_; }
  // Equal for equal rows, wherever they were read from.
  std::uint64_t fingerprint() const { return fingerprint_; }
  // "FILE, line N" of a row of these files; the document's path in a folder.
  std::string place_of(std::size_t row, const std::vector<std::string>& files) const;
  // What each row is split by (split_key).
  std::vector<std::uint64_t> split_keys(std::uint64_t seed) const;
  // Lets go of the memory that holds rows looked at so far.
  void release() const { file_->release(); }

 private:
  struct Strings {
    std::string_view bytes;
    std::span<const std::uint64_t> ends;

    std::string_view at(std::size_t i) const;
  };

  Strings strings(const std::string& name, std::size_t count) const;
  void check(bool holds) const;
  void check_ends(std::span<const std::uint64_t> ends, std::size_t size) const;

  std::shared_ptr<const io::PartFile> file_;
  Strings texts_, groups_, ids_;
  std::vector<std::string> label_names_;
  std::span<const std::int32_t> labels_;
  std::span<const std::uint64_t> label_ends_, share_ends_;
  std::span<const float> shares_;
  std::span<const std::int64_t> lines_;
  std::span<const std::int32_t> files_;
  std::span<const std::uint8_t> kinds_;
  std::vector<std::string> report_;
  std::uint64_t fingerprint_ = 0;
};

}  // namespace fastformer::data
