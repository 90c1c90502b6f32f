// Drawing of trees, depth first, and their evaluation on the way.
#include "data/listops.h"

#include <fastformer/error.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/strings.h"

namespace fastformer::data {
namespace {

constexpr double kOperationShare = 0.25;
constexpr int kDigits = 10;
constexpr std::uint64_t kMostDraws = 1'000'000;
constexpr std::int64_t kMostTokens = 10'000'000'000;

int smallest(std::span<int> digits) { return *std::min_element(digits.begin(), digits.end()); }
int largest(std::span<int> digits) { return *std::max_element(digits.begin(), digits.end()); }
int sum_modulo(std::span<int> digits) {
  return std::accumulate(digits.begin(), digits.end(), 0) % kDigits;
}
int median(std::span<int> digits) {
  std::sort(digits.begin(), digits.end());
  return (digits[(digits.size() - 1) / 2] + digits[digits.size() / 2]) / 2;
}

struct Operation {
  const char* token;
  int (*value)(std::span<int> digits);  // which may be put in another order
};

constexpr std::array<Operation, 4> kOperations = {
    {{"[MIN", smallest}, {"[MAX", largest}, {"[MED", median}, {"[SM", sum_modulo}}};

// One tree.
class Draw {
 public:
  Draw(const ListOpsOptions& options, std::uint64_t number, Expression& expression)
      : options_(options),
        random_(hash_of({static_cast<std::uint64_t>(options.seed), number})),
        expression_(expression) {
    expression_.text.clear();
    expression_.length = 0;
  }

  // Whether its length is allowed. A tree is given up as soon as it is too long.
  bool run() {
    expression_.value = node(1);
    return expression_.length > options_.min_length && !is_too_long();
  }

 private:
  bool is_too_long() const { return expression_.length >= options_.max_length; }
  std::size_t below(int bound) { return random_.below(static_cast<std::uint64_t>(bound)); }

  void append(std::string_view token) {
    if (expression_.length++ > 0) expression_.text += ' ';
    expression_.text += token;
  }

  // Appends a node and returns its value.
  int node(int depth) {
    if (depth == options_.max_depth || random_.uniform() >= kOperationShare) {
      const auto digit = static_cast<int>(below(kDigits));
      const char token = static_cast<char>('0' + digit);
      append({&token, 1});
      return digit;
    }
    const Operation& operation = kOperations[below(static_cast<int>(kOperations.size()))];
    append(operation.token);
    const std::size_t first = values_.size();
    for (std::size_t left = 2 + below(options_.max_arguments - 1); left > 0; --left) {
      if (is_too_long()) break;
      const int value = node(depth + 1);
      values_.push_back(value);
    }
    append("]");
    if (is_too_long()) return 0;
    const int value = operation.value(std::span(values_).subspan(first));
    values_.resize(first);
    return value;
  }

  const ListOpsOptions& options_;
  Random random_;
  Expression& expression_;
  std::vector<int> values_;  // of arguments whose operation is not complete
};

}  // namespace

void ListOpsOptions::describe(config::OptionSet& options) {
  constexpr double kMostRows = 1e8;
  options.group("Rows")
      .add("train-rows", &train_rows, {1, kMostRows}, "rows of train.csv")
      .add("valid-rows", &valid_rows, {1, kMostRows}, "rows of valid.csv")
      .add("test-rows", &test_rows, {1, kMostRows}, "rows of test.csv")
      .add("seed", &seed, {0, 9007199254740992}, "of all that is drawn");
  options.group("Expressions")
      .add("min-length", &min_length, {0, 1000000}, "an expression has more tokens than this")
      .add("max-length", &max_length, {2, 1000000}, "and fewer than this")
      .add("max-depth", &max_depth, {2, 100},
           "levels of a tree; at the last one there are digits alone")
      .add("max-arguments", &max_arguments, {2, 1000}, "arguments of an operation, from 2 on");
}

void ListOpsOptions::validate() const {
  if (max_length - min_length >= 2) return;
  throw usage_error("no length is more than " + format_count(min_length) + " and less than " +
                        format_count(max_length),
                    "--min-length", "Lower it, or raise --max-length");
}

ListOps::ListOps(const ListOpsOptions& options) : options_(options) { options_.validate(); }

const Expression& ListOps::next() {
  std::int64_t tokens = 0;
  for (const std::uint64_t end = draws_ + kMostDraws; draws_ < end && tokens < kMostTokens;) {
    const bool is_allowed = Draw(options_, draws_++, expression_).run();
    tokens += expression_.length;
    if (!is_allowed) continue;
    if (seen_.insert(hash_of(expression_.text)).second) return expression_;
  }
  throw Error("after " + format_count(static_cast<std::int64_t>(seen_.size())) +
                  " expressions a million draws gave no other one of these lengths",
              "ListOps", "Ask for fewer rows, or allow other lengths, more depth or arguments");
}

}  // namespace fastformer::data
