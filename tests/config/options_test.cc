// Reading options from text and JSON, their ranges, and what follows from the list.
#include "config/options.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "config/sample_options.h"
#include "temporary_folder.h"

namespace fastformer::config {
namespace {

void set_flag(SampleOptions& options, const std::string& name, const std::string& value) {
  options.set.apply_flag(name, std::vector{value});
}

void set_json(SampleOptions& options, const Json& values) {
  options.set.apply_json(values, Source::kFile, "file.json");
}

TEST(OptionsTest, JsonRoundTrips) {
  SampleOptions first;
  set_json(first, {{"max_length", 7},
                   {"lowercase", false},
                   {"seed", -5},
                   {"rate", 0.25},
                   {"output", "a b"},
                   {"train", {"x", "y,z"}},
                   {"fruit", "pear"}});
  SampleOptions second;
  set_json(second, first.set.to_json());
  EXPECT_EQ(second.set.to_json(), first.set.to_json());
  EXPECT_EQ(second.max_length, 7);
  EXPECT_FALSE(second.lowercase);
  EXPECT_EQ(second.seed, -5);
  EXPECT_EQ(second.rate, 0.25);
  EXPECT_EQ(second.output, "a b");
  EXPECT_EQ(second.train, (std::vector<std::string>{"x", "y,z"}));
  EXPECT_EQ(second.fruit, Fruit::kPear);
}

TEST(OptionsTest, KeepsAllBitsOfNumbers) {
  SampleOptions options;
  for (const std::int64_t seed : {std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::min(), (1L << 53) + 1}) {
    set_flag(options, "seed", std::to_string(seed));
    EXPECT_EQ(options.seed, seed);
    SampleOptions other;
    set_json(other, options.set.to_json());
    EXPECT_EQ(other.seed, seed);
  }
}

TEST(OptionsTest, RangesAreInclusive) {
  SampleOptions options;
  for (const char* good : {"1", "1000", "1e2"})
    EXPECT_NO_THROW(set_flag(options, "max-length", good));
  for (const char* bad :
       {"0", "1001", "-3", "7.5", "", "x", "nan", "1e99", "99999999999999999999"}) {
    EXPECT_ERROR(set_flag(options, "max-length", bad), "--max-length");
  }
  EXPECT_EQ(options.max_length, 100);
  for (const char* bad : {"nan", "inf", "-0.1", "1.01", "0,5", ""}) {
    EXPECT_ERROR(set_flag(options, "rate", bad), "from 0 to 1");
  }
}

TEST(OptionsTest, NumbersInJsonKeepToTheirRangesToo) {
  SampleOptions options;
  for (const Json& bad : {Json(0), Json(7.5), Json("7"), Json(nullptr), Json(true), Json::array(),
                          Json(1e300), Json(std::numeric_limits<std::uint64_t>::max())}) {
    EXPECT_ERROR(set_json(options, {{"max_length", bad}}), "max_length");
  }
  EXPECT_ERROR(set_json(options, {{"seed", 9.3e18}}), "seed");
  EXPECT_ERROR(set_json(options, {{"seed", std::numeric_limits<std::uint64_t>::max()}}), "seed");
  EXPECT_EQ(options.max_length, 512);
  EXPECT_EQ(options.seed, 1);
}

TEST(OptionsTest, WrongTypesNameFileAndKey) {
  SampleOptions options;
  const Json wrong = {{"lowercase", 1}, {"output", 3}, {"train", "x"}, {"fruit", 2}, {"rate", "1"}};
  for (const auto& [key, value] : wrong.items()) {
    EXPECT_ERROR(set_json(options, {{key, value}}), "file.json: " + key);
  }
  EXPECT_ERROR(set_json(options, {{"train", {"x", 1}}}), "list of strings");
  EXPECT_ERROR(set_json(options, Json::array()), "file.json");
}

TEST(OptionsTest, EnumerationsListTheirNames) {
  SampleOptions options;
  EXPECT_ERROR(set_flag(options, "fruit", "plum"), "apple, pear");
  EXPECT_ERROR(set_json(options, {{"fruit", "Pear"}}), "apple, pear");
  EXPECT_EQ(options.fruit, Fruit::kApple);
}

TEST(OptionsTest, UnknownNamesBringTheNearest) {
  SampleOptions options;
  EXPECT_ERROR(set_json(options, {{"max_lenght", 3}}), "max_length");
  EXPECT_ERROR(set_flag(options, "max-lenght", "3"), "--max-length");
  EXPECT_ERROR(set_json(options, {{"entirely_other", 3}}), "unknown key entirely_other");
}

TEST(OptionsTest, ErrorsAreErrorsOfUsage) {
  SampleOptions options;
  try {
    set_flag(options, "rate", "2");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  }
}

TEST(OptionsTest, AStrongerSourceWinsInAnyOrder) {
  SampleOptions options;
  options.set.apply_json({{"max_length", 3}}, Source::kFile, "file");
  options.set.apply_json({{"max_length", 2}}, Source::kPreset, "preset");
  EXPECT_EQ(options.max_length, 3);
  set_flag(options, "max-length", "5");
  const ScopedVariable variable("FASTFORMER_MAX_LENGTH", "4");
  options.set.apply_environment();
  options.set.apply_json({{"max_length", 3}}, Source::kFile, "file");
  EXPECT_EQ(options.max_length, 5);
}

TEST(OptionsTest, KnowsWhatWasSet) {
  SampleOptions options;
  EXPECT_FALSE(options.set.is_set("max-length"));
  set_flag(options, "max-length", "512");
  EXPECT_TRUE(options.set.is_set("max-length"));
  EXPECT_TRUE(options.set.is_set("max_length"));
  EXPECT_FALSE(options.set.is_set("no-such-option"));
  EXPECT_EQ(options.set.find("no-such-option"), nullptr);
}

TEST(OptionsTest, TheEnvironmentSplitsListsAtCommas) {
  SampleOptions options;
  {
    const ScopedVariable variable("FASTFORMER_COLUMNS", "a,b");
    options.set.apply_environment();
  }
  EXPECT_EQ(options.columns, (std::vector<std::string>{"a", "b"}));
  const ScopedVariable empty("FASTFORMER_COLUMNS", "");
  options.set.apply_environment();
  EXPECT_TRUE(options.columns.empty());
}

TEST(OptionsTest, TheEnvironmentNamesNoFiles) {
  SampleOptions options;
  const ScopedVariable variable("FASTFORMER_TRAIN", "a");
  options.set.apply_environment();
  EXPECT_TRUE(options.train.empty());
}

TEST(OptionsTest, TheEnvironmentNamesItsVariableInErrors) {
  SampleOptions options;
  const ScopedVariable variable("FASTFORMER_LOWERCASE", "perhaps");
  EXPECT_ERROR(options.set.apply_environment(), "FASTFORMER_LOWERCASE");
}

TEST(OptionsTest, HelpAndMarkdownNameEveryOption) {
  const SampleOptions options;
  const std::string help = options.set.help();
  const std::string markdown = options.set.markdown();
  for (const Option& option : options.set.options()) {
    EXPECT_THAT(help, testing::HasSubstr("--" + option.name));
    EXPECT_THAT(help, testing::HasSubstr(option.help));
    EXPECT_THAT(markdown, testing::HasSubstr("`--" + option.name));
  }
  EXPECT_THAT(help, testing::HasSubstr("Text:\n"));
  EXPECT_THAT(help, testing::HasSubstr("[512]"));
  EXPECT_THAT(help, testing::HasSubstr("--no-lowercase"));
  EXPECT_THAT(help, testing::Not(testing::HasSubstr("--no-verbose")));
  EXPECT_THAT(markdown, testing::HasSubstr("apple\\|pear"));
}

}  // namespace
}  // namespace fastformer::config
