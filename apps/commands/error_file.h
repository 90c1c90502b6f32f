// The file of rows to look at that evaluate --errors writes.
#pragma once

#include <string>
#include <vector>

#include "commands/multi_evaluation.h"

namespace fastformer::apps {

// Throws, before a long evaluation, when the name says no format or its folder is not there.
void check_error_file(const std::string& path);

// Where the rows of an evaluation came from and where those to look at go.
struct ErrorFile {
  std::string path;
  std::vector<std::string> files;  // that the rows came from
  int right_limit = 0;
};

// Writes all wrong rows and at most `right_limit` right ones. The file appears under its name when
// it is complete. Of several labels the sets are written as JSON arrays.
void write_error_file(const ErrorFile& file, const LabelledRows& rows,
                      const Evaluation& evaluation);
void write_error_file(const ErrorFile& file, const LabelledRows& rows,
                      const MultiEvaluation& evaluation);

}  // namespace fastformer::apps
