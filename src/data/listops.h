// ListOps of the Long Range Arena: nested operations on digits, and their values.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include "config/options.h"

namespace fastformer::data {

// The defaults are those of the benchmark (Tay et al., 2021; google-research/long-range-arena).
struct ListOpsOptions {
  std::int64_t train_rows = 96000;
  std::int64_t valid_rows = 2000;
  std::int64_t test_rows = 2000;
  int min_length = 500;   // an expression has more tokens than this
  int max_length = 2000;  // and fewer than this
  int max_depth = 10;     // of the digits; the outermost operation has depth 1
  int max_arguments = 10;
  std::int64_t seed = 0;

  void describe(config::OptionSet& options);
  // Throws a usage error when no length is left.
  void validate() const;
};

// "[MAX 4 [SM 7 5 ] 3 ]" and 4: tokens with blanks between them, the benchmark's trees without the
// parentheses that pair each argument with what stands before it.
struct Expression {
  std::string text;
  int length = 0;  // tokens
  int value = 0;   // 0 to 9
};

// Expressions one after the other, none of them twice. A node is a digit with probability 3/4 and
// at the largest depth, else one of [MIN, [MAX, [MED and [SM with 2 to max_arguments arguments; all
// choices are uniform. Medians of an even number of digits are rounded down; SM is the sum modulo
// 10. Trees that are too short or too long are drawn anew. The same options give the same
// expressions on every machine.
class ListOps {
 public:
  explicit ListOps(const ListOpsOptions& options);

  // Throws an Error when no new expression is found in a million draws, or ten thousand million
  // tokens.
  const Expression& next();

 private:
  ListOpsOptions options_;
  std::uint64_t draws_ = 0;
  Expression expression_;
  std::unordered_set<std::uint64_t> seen_;  // hashes of texts; one that is taken is drawn anew
};

}  // namespace fastformer::data
