// Expressions against an evaluator of their text, and the limits that they keep.
#include "data/listops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "temporary_folder.h"

namespace fastformer::data {
namespace {

// What a text says of itself, by recursive descent.
class Reader {
 public:
  explicit Reader(const std::string& text) : tokens_(split(text, ' ')) {}

  int value() {
    const int value = node(1);
    EXPECT_EQ(at_, tokens_.size());
    return value;
  }
  int length() const { return static_cast<int>(tokens_.size()); }
  int depth() const { return depth_; }
  int most_arguments() const { return most_arguments_; }
  int fewest_arguments() const { return fewest_arguments_; }
  const std::map<std::string, int>& counts() const { return counts_; }

 private:
  int node(int depth) {
    depth_ = std::max(depth_, depth);
    const std::string token = tokens_.at(at_++);
    ++counts_[token];
    if (token[0] != '[') {
      EXPECT_TRUE(token.size() == 1 && token[0] >= '0' && token[0] <= '9') << token;
      return token[0] - '0';
    }
    std::vector<int> arguments;
    while (tokens_.at(at_) != "]") arguments.push_back(node(depth + 1));
    ++at_;
    const auto count = static_cast<int>(arguments.size());
    most_arguments_ = std::max(most_arguments_, count);
    fewest_arguments_ = std::min(fewest_arguments_, count);
    return value_of(token, arguments);
  }

  static int value_of(const std::string& operation, const std::vector<int>& arguments) {
    const std::multiset<int> sorted(arguments.begin(), arguments.end());
    if (operation == "[MIN") return *sorted.begin();
    if (operation == "[MAX") return *sorted.rbegin();
    if (operation == "[SM") {
      int sum = 0;
      for (const int argument : arguments) sum = (sum + argument) % 10;
      return sum;
    }
    EXPECT_EQ(operation, "[MED");
    const auto half = static_cast<std::ptrdiff_t>(sorted.size() / 2);
    const double upper = *std::next(sorted.begin(), half);
    const double lower = sorted.size() % 2 == 1 ? upper : *std::next(sorted.begin(), half - 1);
    return static_cast<int>((lower + upper) / 2);
  }

  std::vector<std::string> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0, most_arguments_ = 0, fewest_arguments_ = 1000;
  std::map<std::string, int> counts_;
};

TEST(ListOpsTest, TextsHaveTheirValuesAndKeepTheLimits) {
  ListOpsOptions options;
  options.min_length = 3;
  options.max_length = 100;
  options.max_depth = 5;
  options.max_arguments = 4;
  ListOps listops(options);
  std::set<std::string> texts;
  std::map<std::string, int> counts;
  std::map<int, int> lengths, values;
  int depth = 0, most_arguments = 0;
  for (int row = 0; row < 5000; ++row) {
    const Expression& expression = listops.next();
    Reader reader(expression.text);
    ASSERT_EQ(expression.value, reader.value()) << expression.text;
    ASSERT_EQ(expression.length, reader.length());
    ASSERT_GE(reader.fewest_arguments(), 2);
    depth = std::max(depth, reader.depth());
    most_arguments = std::max(most_arguments, reader.most_arguments());
    for (const auto& [token, count] : reader.counts()) counts[token] += count;
    ++lengths[expression.length];
    ++values[expression.value];
    EXPECT_TRUE(texts.insert(expression.text).second) << expression.text;
  }
  EXPECT_EQ(depth, 5);
  EXPECT_EQ(most_arguments, 4);
  EXPECT_EQ(lengths.begin()->first, 4);
  EXPECT_LT(lengths.rbegin()->first, 100);
  EXPECT_EQ(values.size(), 10U);
  EXPECT_EQ(counts.size(), 14U);  // digits and operations
  for (const char* operation : {"[MIN", "[MAX", "[MED", "[SM"}) {
    EXPECT_NEAR(counts[operation], counts["[MIN"], 0.1 * counts["[MIN"]) << operation;
  }
  for (char digit = '0'; digit <= '9'; ++digit) {
    EXPECT_NEAR(counts[{digit}], counts["0"], 0.1 * counts["0"]) << digit;
  }
}

TEST(ListOpsTest, TheBenchmarksOwnLimits) {
  ListOps listops({});
  int depth = 0, most_arguments = 0;
  for (int row = 0; row < 200; ++row) {
    const Expression& expression = listops.next();
    Reader reader(expression.text);
    ASSERT_EQ(expression.value, reader.value());
    ASSERT_GT(reader.length(), 500);
    ASSERT_LT(reader.length(), 2000);
    depth = std::max(depth, reader.depth());
    most_arguments = std::max(most_arguments, reader.most_arguments());
  }
  EXPECT_EQ(depth, 10);
  EXPECT_EQ(most_arguments, 10);
}

TEST(ListOpsTest, TheSeedDecidesAll) {
  const auto first_of = [](std::int64_t seed) {
    ListOpsOptions options;
    options.min_length = 3;
    options.max_length = 12;
    options.seed = seed;
    return ListOps(options).next().text;
  };
  EXPECT_EQ(first_of(0), first_of(0));
  EXPECT_EQ(first_of(0), "[MED 7 8 7 1 1 6 ]");
  EXPECT_NE(first_of(0), first_of(1));
}

TEST(ListOpsTest, SaysWhatCannotBe) {
  ListOpsOptions options;
  options.max_length = 501;
  EXPECT_ERROR(ListOps{options}, "--min-length");
  options.min_length = 3;
  options.max_length = 5;
  options.max_depth = 2;
  options.max_arguments = 2;
  ListOps few(options);  // four operations on two digits
  for (int row = 0; row < 400; ++row) few.next();
  EXPECT_ERROR(few.next(), "after 400 expressions");
}

}  // namespace
}  // namespace fastformer::data
