// Documents of a folder with a sub-folder per class.
#pragma once

#include <string>
#include <vector>

#include "data/document_source.h"

namespace fastformer::data {

// FOLDER/label/name: every file is a document with the sub-folder's name as its label and
// "label/name" as its id, sorted by label and name. Hidden files are left out. Files beside the
// class folders are documents without a label, and left out when labels are needed. A file whose
// name ends in .gz or .zst is decompressed.
class FolderSource : public DocumentSource {
 public:
  FolderSource(const std::string& path, const SourceContext& context);

  bool read(std::vector<ParsedRow>& rows, text::RepairCounts& repairs) override;
  std::int64_t bytes() const override { return bytes_; }
  std::string name() const override { return path_; }
  std::string place(const Record& record) const override;
  std::string note() const override;

 private:
  struct Entry {
    std::string label;
    std::string id;  // the path inside the folder
    std::int64_t size = 0;
    bool is_folder = false;
  };
  void add(const std::string& label, const std::string& id);
  void parse(const Entry& entry, ParsedRow& row, std::int64_t& bytes,
             text::RepairCounts& repairs) const;

  std::string path_;
  SourceContext context_;
  std::vector<Entry> entries_;
  std::size_t next_ = 0;
  std::int64_t bytes_ = 0;
  std::int64_t files_without_class_ = 0;
};

}  // namespace fastformer::data
