// Command lines: values, lists, switches, positional words, precedence and mistakes.
#include "config/command_line.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "config/sample_options.h"
#include "temporary_folder.h"

namespace fastformer::config {
namespace {

using Words = std::vector<std::string>;

// Parses into fresh options that the test can look at.
struct Parse {
  SampleOptions options;
  ParsedArguments parsed;

  explicit Parse(const Words& words, std::size_t max_positionals = 0)
      : parsed(parse_command_line(options.set, words, max_positionals)) {}
};

TEST(CommandLineTest, ReadsValuesBothWays) {
  const Parse parse({"--max-length", "9", "--rate=0.75", "--output", "a b", "--seed", "-4"});
  EXPECT_EQ(parse.options.max_length, 9);
  EXPECT_EQ(parse.options.rate, 0.75);
  EXPECT_EQ(parse.options.output, "a b");
  EXPECT_EQ(parse.options.seed, -4);
}

TEST(CommandLineTest, TheLastOfARepeatedFlagWins) {
  EXPECT_EQ(Parse({"--max-length", "9", "--max-length", "8"}).options.max_length, 8);
  EXPECT_TRUE(Parse({"--no-lowercase", "--lowercase"}).options.lowercase);
  EXPECT_FALSE(Parse({"--lowercase", "--no-lowercase"}).options.lowercase);
}

TEST(CommandLineTest, SwitchesGoBothWays) {
  EXPECT_TRUE(Parse({}).options.lowercase);
  EXPECT_FALSE(Parse({"--no-lowercase"}).options.lowercase);
  EXPECT_TRUE(Parse({"--verbose"}).options.verbose);
  EXPECT_FALSE(Parse({"--lowercase=false"}).options.lowercase);
  EXPECT_TRUE(Parse({"--lowercase=true"}).options.lowercase);
  EXPECT_FALSE(Parse({"--no-verbose"}).options.verbose);
}

TEST(CommandLineTest, ASwitchDoesNotEatTheNextWord) {
  const Parse parse({"--verbose", "DIR"}, 1);
  EXPECT_TRUE(parse.options.verbose);
  EXPECT_EQ(parse.parsed.positionals, Words{"DIR"});
}

TEST(CommandLineTest, ListsTakeSeveralWordsAndRepeat) {
  EXPECT_EQ(Parse({"--train", "a", "b", "--rate", "1"}).options.train, (Words{"a", "b"}));
  EXPECT_EQ(Parse({"--train", "a", "--train", "b", "c"}).options.train, (Words{"a", "b", "c"}));
  EXPECT_EQ(Parse({"--train=a", "--train=b"}).options.train, (Words{"a", "b"}));
  const Parse attached({"--train=a", "b"}, 1);
  EXPECT_EQ(attached.options.train, Words{"a"});
  EXPECT_EQ(attached.parsed.positionals, Words{"b"});
}

TEST(CommandLineTest, ValuesArriveAsTheyWereTyped) {
  for (const std::string value : {"[a,b]", "[a]", "{}", "a,b", "-", "a=b", "\"x\"", "'x'", "%%",
                                  " ", "\xc3\xa4", "#x", "[", "]", "a;b", "{a}", "[]", "\\n", ""}) {
    EXPECT_EQ(Parse({"--train", value}).options.train, Words{value});
    EXPECT_EQ(Parse({"--train=x", "--train", value}).options.train, (Words{"x", value}));
    EXPECT_EQ(Parse({"--output", value}).options.output, value);
    EXPECT_EQ(Parse({"--output=" + value}).options.output, value);
  }
}

TEST(CommandLineTest, PositionalWordsKeepTheirOrder) {
  const Parse parse({"x", "--rate", "1", "-", "y"}, 3);
  EXPECT_EQ(parse.parsed.positionals, (Words{"x", "-", "y"}));
  EXPECT_ERROR(Parse({"x", "y"}, 1), "unexpected argument \"y\"");
}

TEST(CommandLineTest, AfterTwoDashesEverythingIsPositional) {
  const Parse parse({"--rate", "1", "--", "--seed", "-x", "--help", "y"}, 4);
  EXPECT_EQ(parse.parsed.positionals, (Words{"--seed", "-x", "--help", "y"}));
  EXPECT_FALSE(parse.parsed.help);
  EXPECT_EQ(parse.options.seed, 1);
  EXPECT_EQ(Parse({"--", "a", "--", "b"}, 3).parsed.positionals, (Words{"a", "--", "b"}));
  EXPECT_EQ(Parse({"--train", "a", "--", "b"}, 1).options.train, Words{"a"});
}

TEST(CommandLineTest, UnknownFlagsBringTheNearest) {
  EXPECT_ERROR(Parse({"--max-lenght", "3"}), "--max-length");
  EXPECT_ERROR(Parse({"--max-lenght=3"}), "--max-length");
  EXPECT_ERROR(Parse({"--no-lowercas"}), "--no-lowercase");
  EXPECT_ERROR(Parse({"--train", "a", "--sead", "1"}), "--seed");
  EXPECT_ERROR(Parse({"-max-length", "3"}), "unknown flag");
  EXPECT_ERROR(Parse({"-x"}), "unknown flag -x");
  EXPECT_ERROR(Parse({"--max", "3"}), "unknown flag --max");
}

TEST(CommandLineTest, AMissingValueNamesTheFlag) {
  EXPECT_ERROR(Parse({"--rate"}), "--rate");
  EXPECT_ERROR(Parse({"--train"}), "--train");
  EXPECT_ERROR(Parse({"--train", "--rate", "1"}), "--train");
  EXPECT_ERROR(Parse({"--output", "--rate", "1"}), "--output");
  EXPECT_ERROR(Parse({"--lowercase=maybe"}), "--lowercase");
  EXPECT_ERROR(Parse({"--no-lowercase=true"}), "--no-lowercase");
  EXPECT_ERROR(Parse({"--output", "-x"}), "--output=-x");
  EXPECT_EQ(Parse({"--output=--rate"}).options.output, "--rate");
}

TEST(CommandLineTest, EveryMistakeIsAnErrorOfUsage) {
  for (const Words& words : std::vector<Words>{{"--rate"},
                                               {"--x"},
                                               {"x"},
                                               {"--rate", "2"},
                                               {"-"},
                                               {"--lowercase=maybe"},
                                               {"--config"},
                                               {"--fruit="}}) {
    try {
      const Parse parse(words);
      ADD_FAILURE() << words[0];
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage) << words[0];
    }
  }
}

TEST(CommandLineTest, HelpComesBeforeAllChecks) {
  for (const Words& words : std::vector<Words>{{"--help"}, {"-h"}, {"--nonsense", "--help"}}) {
    EXPECT_TRUE(Parse(words).parsed.help);
  }
  EXPECT_FALSE(Parse({}).parsed.help);
}

// Every combination of sources: the strongest one that speaks wins.
TEST(CommandLineTest, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  const TemporaryFolder folder;
  const std::string file = folder.write("options.json", R"({"max_length": 30, "seed": 77})");
  for (int sources = 0; sources < 8; ++sources) {
    Words words;
    if (sources & 1) words.insert(words.end(), {"--config", file});
    std::optional<ScopedVariable> variable;
    if (sources & 2) variable.emplace("FASTFORMER_MAX_LENGTH", "20");
    if (sources & 4) words.insert(words.end(), {"--max-length", "10"});
    const Parse parse(words);
    const int expected = sources & 4 ? 10 : sources & 2 ? 20 : sources & 1 ? 30 : 512;
    EXPECT_EQ(parse.options.max_length, expected) << sources;
    EXPECT_EQ(parse.options.seed, sources & 1 ? 77 : 1) << sources;
  }
}

TEST(CommandLineTest, SwitchesAndListsFollowThePrecedenceToo) {
  const TemporaryFolder folder;
  const std::string file =
      folder.write("options.json", R"({"lowercase": true, "columns": ["f"], "verbose": true})");
  const ScopedVariable lowercase("FASTFORMER_LOWERCASE", "yes");
  const ScopedVariable columns("FASTFORMER_COLUMNS", "e1,e2");
  EXPECT_FALSE(Parse({"--no-lowercase", "--config", file}).options.lowercase);
  EXPECT_EQ(Parse({"--config", file}).options.columns, (Words{"e1", "e2"}));
  EXPECT_EQ(Parse({"--config", file, "--columns", "x"}).options.columns, Words{"x"});
  EXPECT_FALSE(Parse({"--config", file, "--no-verbose"}).options.verbose);
  EXPECT_TRUE(Parse({"--config", file}).options.verbose);
}

TEST(CommandLineTest, AFaultyFileIsNamed) {
  const TemporaryFolder folder;
  const auto parse_with = [&](const char* text) {
    Parse({"--config", folder.write("options.json", text)});
  };
  EXPECT_ERROR(parse_with("{"), "options.json: is not valid JSON");
  EXPECT_ERROR(parse_with("[]"), "options.json");
  EXPECT_ERROR(parse_with(R"({"max_lenght": 1})"), "Did you mean max_length?");
  EXPECT_ERROR(parse_with(R"({"max_length": 0})"), "options.json: max_length");
  EXPECT_ERROR(Parse({"--config", folder.file("missing.json")}), "missing.json: no such file");
  const std::string deep = std::string(400000, '[') + std::string(400000, ']');
  EXPECT_ERROR(parse_with(("{\"max_length\": " + deep + "}").c_str()), "nested");
  EXPECT_ERROR(parse_with(R"({"seed": 1, "seed": 2})"), "twice");
}

TEST(CommandLineTest, AFileWithBothSpellingsOfAKeyIsRefused) {
  const TemporaryFolder folder;
  const std::string file = folder.write("options.json", R"({"max_length": 1, "max-length": 2})");
  EXPECT_ERROR(Parse({"--config", file}), "twice");
}

TEST(CommandLineTest, AnOwnConfigOptionIsNotAnOptionFile) {
  std::string config;
  OptionSet set;
  set.add("config", &config, "FILE", "the authors' configuration");
  parse_command_line(set, Words{"--config", "/no/such/file"});
  EXPECT_EQ(config, "/no/such/file");
}

}  // namespace
}  // namespace fastformer::config
