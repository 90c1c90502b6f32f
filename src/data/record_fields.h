// What all row formats do alike with the fields of a record.
#pragma once

#include <string>
#include <string_view>

#include "data/record.h"
#include "text/repair.h"

namespace fastformer::data {

// Sets the label from its raw bytes, without the white space at its ends. Returns the reason when
// it is empty but needed, else an empty string.
std::string set_label(std::string_view raw, bool needs_label, Record& record,
                      text::RepairCounts& repairs);

}  // namespace fastformer::data
