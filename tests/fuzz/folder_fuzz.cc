// Folders of documents, one folder a class. The first byte chooses the options; then come files: a
// path of a line, and what the file holds up to a byte 0.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "data/corpus_reader.h"
#include "io/memory_files.h"
#include "target.h"
#include "text/utf8.h"

namespace fastformer::fuzz {
namespace {

const std::string kFolder = "classes";
// Little is cleared for every read.
constexpr data::ReadLimits kLimits = {.block_bytes = 1000};

// Those of a file system: no folder's name is empty or names another place.
bool is_possible(std::string_view path) {
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    if (name.empty() || name == "." || name == "..") return false;
    begin = end + 1;
  }
  return true;
}

MemoryFiles::Content files_in(std::string_view bytes) {
  MemoryFiles::Content files;
  std::size_t begin = 0;
  while (begin < bytes.size()) {
    const std::size_t end = std::min(bytes.find('\0', begin), bytes.size());
    const std::string_view file = bytes.substr(begin, end - begin);
    const std::size_t line = std::min(file.find('\n'), file.size());
    if (is_possible(file.substr(0, line))) {
      files[kFolder + "/" + std::string(file.substr(0, line))] =
          file.substr(std::min(line + 1, file.size()));
    }
    begin = end + 1;
  }
  return files;
}

}  // namespace

void run(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto choice = static_cast<unsigned char>(bytes[0]);
  data::CorpusOptions options;
  options.on_bad_row = choice & 1 ? data::OnBadRow::kSkip : data::OnBadRow::kError;
  if (choice & 2) options.format = data::Format::kFolder;
  if (choice & 4) options.label_separator = "|";
  const bool needs_label = (choice & 8) != 0;
  MemoryFiles files(files_in(bytes.substr(1)));
  const io::ScopedOperations scope(&files);
  data::CorpusReader reader({kFolder}, options, needs_label, serial_for(), kLimits);
  std::vector<data::Record> block;
  while (reader.read_block(block)) {
    promise(!block.empty());
    for (const data::Record& record : block) {
      promise(text::is_valid_utf8(record.text) && text::is_valid_utf8(record.id));
      promise(record.has_label || !needs_label);
    }
  }
}

}  // namespace fastformer::fuzz
