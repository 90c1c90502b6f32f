// What would end every training of a comparison alike, found before the first.
#pragma once

#include "commands/compare_options.h"

namespace fastformer::apps {

// Throws when the device is not there, or a file is not there or cannot be read.
void require_common_needs(const CompareOptions& options);

}  // namespace fastformer::apps
