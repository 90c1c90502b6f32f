// What the numbers of a comparison depend on: compare.json, by which it is known again.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "commands/compare_options.h"

namespace fastformer::apps {

// An option's value, in which files that are there have the same name from every folder and by
// every link.
config::Json value_of(const config::Option& option);

// Members that are objects belong to a part of the comparison, and may be there or not; rows, the
// sweep and each encoder are such parts. `given`: train's options that the user has set;
// `of_encoders`: names of those that belong to an encoder, and stand with it.
config::Json told_by(const CompareOptions& options, const ComparePlan& plan,
                     const std::vector<config::Option>& given,
                     const std::set<std::string>& of_encoders);

}  // namespace fastformer::apps
