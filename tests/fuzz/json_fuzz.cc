// JSON texts: what is accepted is written and read again the same.
#include "config/json_text.h"
#include "target.h"

namespace fastformer::fuzz {

void run(std::string_view bytes) {
  const auto value = config::parse_json<config::Json>(bytes, "input");
  const std::string text = value.dump();
  promise(config::parse_json<config::Json>(text, "again").dump() == text);
}

}  // namespace fastformer::fuzz
