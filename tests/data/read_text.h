// Reads corpora that a test holds as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/corpus_reader.h"
#include "temporary_folder.h"

namespace fastformer::data {

// How a test reads: like CorpusReader's arguments, serially by default.
struct ReadSetting {
  CorpusOptions options;
  bool needs_label = true;
  ParallelFor parallel_for = serial_for();
  ReadLimits limits;
};

inline std::vector<Record> read_file_of(const std::string& path, const ReadSetting& setting = {},
                                        ReadReport* report = nullptr) {
  CorpusReader reader({path}, setting.options, setting.needs_label, setting.parallel_for,
                      setting.limits);
  std::vector<Record> records, block;
  while (reader.read_block(block)) {
    EXPECT_FALSE(block.empty());
    records.insert(records.end(), block.begin(), block.end());
  }
  if (report) *report = reader.report();
  return records;
}

// Writes `bytes` as a file with this name and reads it.
inline std::vector<Record> read_text(std::string_view name, std::string_view bytes,
                                     const ReadSetting& setting = {},
                                     ReadReport* report = nullptr) {
  const TemporaryFolder folder;
  io::OutputFile(folder.file(name)).write(bytes);
  return read_file_of(folder.file(name), setting, report);
}

// "label|text" of every record, for short expectations.
inline std::vector<std::string> labels_and_texts(const std::vector<Record>& records) {
  std::vector<std::string> lines;
  for (const Record& record : records) lines.push_back(record.label + "|" + record.text);
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace fastformer::data
