// Options of every kind for the tests, and a guard for environment variables.
#pragma once

#include <stdlib.h>

#include <string>
#include <vector>

#include "config/options.h"

namespace fastformer::config {

enum class Fruit { kApple, kPear };

struct SampleOptions {
  int max_length = 512;
  std::int64_t seed = 1;
  double rate = 0.5;
  bool lowercase = true;
  bool verbose = false;
  std::string output;
  std::vector<std::string> train;
  std::vector<std::string> columns;
  Fruit fruit = Fruit::kApple;
  OptionSet set;

  SampleOptions() {
    set.group("Text")
        .add("max-length", &max_length, {1, 1000}, "tokens")
        .add("lowercase", &lowercase, "fold letters")
        .group("Run")
        .add("seed", &seed, {-9.3e18, 9.3e18}, "of all randomness")
        .add("rate", &rate, {0, 1}, "share")
        .add("verbose", &verbose, "say more")
        .add("output", &output, "DIR", "folder to write")
        .add("train", &train, "FILE...", "files to read")
        .add("columns", &columns, "NAME...", "columns to read")
        .add("fruit", &fruit, {{"apple", Fruit::kApple}, {"pear", Fruit::kPear}}, "a fruit");
  }
  SampleOptions(const SampleOptions&) = delete;
  SampleOptions& operator=(const SampleOptions&) = delete;
};

// Sets a variable until the end of the scope.
class ScopedVariable {
 public:
  ScopedVariable(std::string name, const std::string& value) : name_(std::move(name)) {
    setenv(name_.c_str(), value.c_str(), 1);
  }
  ~ScopedVariable() { unsetenv(name_.c_str()); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  std::string name_;
};

}  // namespace fastformer::config
