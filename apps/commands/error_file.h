// The file of rows to look at that evaluate --errors writes.
#pragma once

#include <string>
#include <vector>

#include "commands/evaluation.h"

namespace fastformer::apps {

// Throws, before a long evaluation, when the name says no format or its folder is not there.
void check_error_file(const std::string& path);

// Writes all wrong rows and at most `right_limit` right ones. `files` are those that the rows came
// from. The file appears under its name when it is complete.
void write_error_file(const std::string& path, const Evaluation& evaluation,
                      const std::vector<std::string>& files, int right_limit);

}  // namespace fastformer::apps
