// A folder for one test, removed at its end.
#pragma once

#include <fastformer/error.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <string_view>

#include "io/files.h"

namespace fastformer {

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(testing::TempDir() + "fastformer-test-XXXXXX") {
    if (!mkdtemp(path_.data())) ADD_FAILURE() << "no temporary folder";
  }
  ~TemporaryFolder() { io::remove_tree(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(std::string_view name) const { return io::join_path(path_, name); }
  // Writes a file and returns its path.
  std::string write(std::string_view name, std::string_view bytes) const {
    io::write_file_atomically(file(name), bytes);
    return file(name);
  }

 private:
  std::string path_;
};

// Expects `statement` to throw a fastformer::Error whose message holds `part`.
#define EXPECT_ERROR(statement, part)                                   \
  try {                                                                 \
    statement;                                                          \
    ADD_FAILURE() << "no error: " #statement;                           \
  } catch (const ::fastformer::Error& error) {                          \
    EXPECT_THAT(std::string(error.what()), ::testing::HasSubstr(part)); \
  }

}  // namespace fastformer
