// Texts on their way to words: repair, HTML and n-grams.
#include <string>

#include "target.h"
#include "text/html.h"
#include "text/ngrams.h"
#include "text/repair.h"
#include "text/utf8.h"

namespace fastformer::fuzz {

void run(std::string_view bytes) {
  text::RepairCounts counts;
  const std::string repaired = text::repair_text(bytes, counts);
  promise(text::is_valid_utf8(repaired));
  promise(text::is_valid_utf8(text::strip_html(repaired)));
  text::strip_html(bytes);
  text::NgramOptions options;
  options.strip_html = bytes.size() % 2 == 0;
  text::NgramCounter counter(options);
  for (const std::string_view text : {bytes, std::string_view(repaired)}) {
    std::uint32_t last = 0;
    bool is_first = true;
    for (const text::NgramCount& found : counter.count(text)) {
      promise(found.bucket < options.buckets() && found.count > 0);
      promise(is_first || found.bucket > last);
      last = found.bucket;
      is_first = false;
    }
  }
}

}  // namespace fastformer::fuzz
