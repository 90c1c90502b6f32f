// Corpus files. The first byte chooses the file's name and the options, the others are the file.
#include <cmath>
#include <string>

#include "data/corpus_reader.h"
#include "io/memory_files.h"
#include "target.h"
#include "text/utf8.h"

namespace fastformer::fuzz {
namespace {

// Little is cleared for every read, and longer inputs are several blocks.
constexpr data::ReadLimits kLimits = {.block_bytes = 1000};

void check_shares(const data::Record& record) {
  promise(record.shares.size() == record.labels.size());
  double sum = 0;
  for (const float share : record.shares) {
    promise(share >= 0);
    sum += share;
  }
  promise(std::abs(sum - 1) < 1e-3);
}

}  // namespace

void run(std::string_view bytes) {
  if (bytes.empty()) return;
  constexpr const char* kNames[] = {"input.csv", "input.tsv",    "input.jsonl",   "input.txt",
                                    "input",     "input.csv.gz", "input.csv.zst", "input.json"};
  const auto choice = static_cast<unsigned char>(bytes[0]);
  const std::string name = kNames[choice % 8];
  data::CorpusOptions options;
  options.on_bad_row = choice & 8 ? data::OnBadRow::kSkip : data::OnBadRow::kError;
  options.header = choice & 16 ? data::Header::kYes : data::Header::kAuto;
  if ((choice & 96) == 96) {
    options.read_shares_from("label");
  } else if (choice & 32) {
    options.label_separator = "|";
  } else if (choice & 64) {
    options.text_column = {"2"};
  }
  MemoryFiles file(MemoryFiles::Content{{name, std::string(bytes.substr(1))}});
  const io::ScopedOperations scope(&file);
  data::CorpusReader reader({name}, options, (choice & 128) != 0, serial_for(), kLimits);
  std::vector<data::Record> block;
  while (reader.read_block(block)) {
    promise(!block.empty());
    for (const data::Record& record : block) {
      promise(text::is_valid_utf8(record.text));
      if (!record.shares.empty()) check_shares(record);
    }
  }
}

}  // namespace fastformer::fuzz
