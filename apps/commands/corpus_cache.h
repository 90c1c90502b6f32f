// Where corpora that were read are kept for the next run.
#pragma once

#include <string>

#include "config/options.h"
#include "io/cache_folder.h"
#include "io/large_array.h"

namespace fastformer::apps {

struct CacheOptions {
  std::string folder = "auto";
  std::int64_t megabytes = 4000;
  std::int64_t array_megabytes = 0;

  void describe(config::OptionSet& options);
  // The cache; what it does not keep lies in `scratch` until the run ends.
  io::CacheFolder open(const std::string& scratch) const;
  // Where arrays of facts about all rows go that become large.
  io::SpillPlace spill(const std::string& scratch) const;
};

}  // namespace fastformer::apps
