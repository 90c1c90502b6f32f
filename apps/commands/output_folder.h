// A folder that a command makes.
#pragma once

#include <functional>
#include <string>

#include "io/work_folder.h"

namespace fastformer::apps {

// Makes the folder `path`: `write` fills a working folder, `path + suffix`, which becomes `path`
// when it returns and is removed when it throws. A finished folder that cannot get its name stays
// in the working folder. Throws when `path` exists.
void make_output_folder(const std::string& path, const std::string& suffix,
                        const std::function<void(const io::WorkFolder&)>& write);
// The same for a model folder.
void make_model_folder(const std::string& path,
                       const std::function<void(const io::WorkFolder&)>& write);

}  // namespace fastformer::apps
