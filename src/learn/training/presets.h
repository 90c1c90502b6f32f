// Named settings for training.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"

namespace fastformer::learn {

// Option values by key. An unknown name is an Error naming the nearest.
config::Json preset(std::string_view name);
std::vector<std::string> preset_names();

// Option values of pretraining, where they are not the structs' own.
config::Json pretraining_defaults();

}  // namespace fastformer::learn
