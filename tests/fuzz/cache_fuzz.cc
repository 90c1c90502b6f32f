// Files of the corpus cache, rows and token ids, without the digest that they end with: it is put
// there, so that what is read is what the fuzzer wrote.
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "data/documents.h"
#include "data/row_store.h"
#include "io/memory_files.h"
#include "target.h"

namespace fastformer::fuzz {
namespace {

using File = std::shared_ptr<const io::PartFile>;

void read_rows(const File& file) {
  const data::RowStore rows(file);
  std::size_t bytes = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    bytes += rows.text(row).size();
    const std::size_t labels = rows.labels(row).size();
    promise(rows.shares(row).empty() || rows.shares(row).size() == labels);
    for (const std::int32_t label : rows.labels(row)) {
      promise(static_cast<std::size_t>(label) < rows.label_names().size());
    }
  }
  promise(bytes == rows.text_bytes());
  promise(rows.split_keys(1).size() == rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) rows.place_of(row, {"a", "b"});
}

void read_ids(const File& file) {
  const data::Documents documents(file, "train");
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < documents.size(); ++i) tokens += documents[i].size();
  promise(static_cast<std::int64_t>(tokens) == documents.tokens());
}

}  // namespace

void run(std::string_view bytes) {
  Digest digest;
  digest.add(bytes);
  const auto value = digest.value();
  std::string whole(bytes);
  whole.append(reinterpret_cast<const char*>(value.data()), sizeof(value));
  MemoryFiles files({{"cache", whole}});
  const io::ScopedOperations scope(&files);
  const auto file = std::make_shared<const io::PartFile>("cache");
  for (const auto read : {read_rows, read_ids}) {
    try {
      read(file);
    } catch (const Error&) {
      // A file of the other kind.
    }
  }
}

}  // namespace fastformer::fuzz
