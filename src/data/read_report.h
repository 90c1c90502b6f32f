// What happened while a corpus was read, for the person who gave it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/repair.h"

namespace fastformer::data {

struct ReadReport {
  std::int64_t rows = 0;             // records handed out
  std::int64_t skipped_rows = 0;     // malformed ones left out
  std::int64_t distributions = 0;    // of those, with a distribution in the place of labels
  std::int64_t empty_texts = 0;      // records whose text is empty or white space
  std::int64_t bytes = 0;            // of the corpus, decompressed
  std::vector<std::string> reasons;  // of the first skipped rows, "FILE, line N: why"
  std::vector<std::string> notes;    // what else a user should know
  text::RepairCounts repairs;

  static constexpr std::size_t kReasonsKept = 5;

  // Lines for people: the first says how much was read; others only when there is something to say.
  std::vector<std::string> summary() const;
};

}  // namespace fastformer::data
