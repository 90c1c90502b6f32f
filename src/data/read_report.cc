// The report in words.
#include "data/read_report.h"

#include "base/strings.h"

namespace fastformer::data {

std::vector<std::string> ReadReport::summary() const {
  std::vector<std::string> lines;
  lines.push_back("read " + format_count(rows) + (rows == 1 ? " document (" : " documents (") +
                  format_fixed(static_cast<double>(bytes) / 1e6, 1) + " MB)");
  if (skipped_rows > 0) {
    lines.push_back("left out " + format_count(skipped_rows) +
                    (skipped_rows == 1 ? " malformed row:" : " malformed rows, the first:"));
    for (const std::string& reason : reasons) lines.push_back("  " + reason);
  }
  if (empty_texts > 0) {
    lines.push_back(format_count(empty_texts) +
                    (empty_texts == 1 ? " document is empty" : " documents are empty"));
  }
  if (repairs.total() > 0) lines.push_back("repaired " + repairs.summary());
  lines.insert(lines.end(), notes.begin(), notes.end());
  return lines;
}

}  // namespace fastformer::data
