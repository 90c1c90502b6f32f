// Every file operation of the lean commands fails once, in turn: a clear error and nothing half
// made, or the result as ever.
#include <filesystem>
#include <map>

#include "commands/commands.h"
#include "faulty_run.h"
#include "small_classifier.h"

namespace fastformer {
namespace {

struct Case {
  const char* name;
  int (*command)(apps::Arguments);
  std::vector<std::string> words;  // "MODEL", "ROWS", "WEIGHTS" and "OUTPUT" stand for paths
};

void PrintTo(const Case& of, std::ostream* out) { *out << of.name; }

const Case kCases[] = {
    {"Predict", apps::run_predict, {"--model", "MODEL", "--input", "ROWS", "--threads", "1"}},
    {"Evaluate",
     apps::run_evaluate,
     {"--model", "MODEL", "--data", "ROWS", "--threads", "1", "--errors", "OUTPUT.csv"}},
    {"Inspect", apps::run_inspect, {"MODEL"}},
    {"Quantize",
     apps::run_quantize,
     {"--model", "MODEL", "--data", "ROWS", "--output", "OUTPUT", "--threads", "1", "--max-loss",
      "100"}},
    {"Import", apps::run_import, {"--weights", "WEIGHTS", "--output", "OUTPUT"}},
    {"DataCheck", apps::run_data, {"check", "ROWS"}},
    {"DataListOps",
     apps::run_data,
     {"listops", "--output", "OUTPUT", "--min-length", "3", "--max-length", "30", "--train-rows",
      "20", "--valid-rows", "2", "--test-rows", "2"}},
};

class LeanFaultsTest : public testing::TestWithParam<std::tuple<Case, Fault>> {
 protected:
  LeanFaultsTest() {
    const model::WithoutSync without_sync;
    io::make_directory(folder_.file("model"));
    write_small_classifier(folder_.file("model"));
    folder_.write("rows.csv", "label,text\nsport,the fast\ntrade,former former\nsport,the\n");
    std::filesystem::copy(FASTFORMER_TEST_DATA "/golden/official_small_f32.safetensors",
                          folder_.file("weights.safetensors"));
    before_ = content();
  }

  CommandResult run(io::Operations& calls) const {
    std::vector<std::string> words = std::get<0>(GetParam()).words;
    for (std::string& word : words) {
      if (word == "MODEL") word = folder_.file("model");
      if (word == "ROWS") word = folder_.file("rows.csv");
      if (word == "WEIGHTS") word = folder_.file("weights.safetensors");
      if (word.starts_with("OUTPUT")) word.replace(0, 6, folder_.file("output"));
    }
    return run_command(std::get<0>(GetParam()).command, words, calls);
  }

  // All files and their bytes, by name.
  std::map<std::string, std::string> content() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      const std::string path = entry.path().string();
      files[path] = entry.is_regular_file() ? io::read_file(path) : "";
    }
    return files;
  }

  // Removes what the command made.
  void clear() const {
    for (const auto& [path, bytes] : content()) {
      if (!before_.contains(path)) std::filesystem::remove_all(path);
    }
  }

  TemporaryFolder folder_;
  std::map<std::string, std::string> before_;
};

TEST_P(LeanFaultsTest, EndsClearlyOrAsEver) {
  const Fault fault = std::get<1>(GetParam());
  FailingCall none;
  const CommandResult whole = run(none);
  ASSERT_EQ(whole.code, 0) << whole.error;
  const std::map<std::string, std::string> after = content();
  const std::vector<int> points = points_of(fault, none.calls());
  int failed = 0;
  for (const int number : points) {
    clear();
    FailingCall calls(fault, number);
    const CommandResult result = run(calls);
    SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number) + ", " +
                 calls.struck() + ": " + result.error);
    failed += result.code != 0;
    if (result.code == 0) {
      EXPECT_EQ(result.output, whole.output);
      EXPECT_EQ(content(), after);
      continue;
    }
    EXPECT_NE(fault, Fault::kShort);
    EXPECT_TRUE(is_clear(result, calls, folder_.path()));
    EXPECT_TRUE(!io::exists(folder_.file("output")) || content() == after);
    if (result.error.find("is kept in") != std::string::npos) {
      const std::string part = folder_.file("output.part");
      std::filesystem::rename(io::exists(part) ? part : folder_.file("output.training"),
                              folder_.file("output"));
      EXPECT_TRUE(content() == after);
    } else if (fault == Fault::kOnce) {
      EXPECT_TRUE(content() == before_ || content() == after);
    }
  }
  std::printf("%zu of %zu calls: %d errors\n", points.size(), none.calls().size(), failed);
}

std::string name_of_case(const testing::TestParamInfo<std::tuple<Case, Fault>>& of) {
  const auto& [command, fault] = of.param;
  const char* const how = fault == Fault::kOnce    ? "Once"
                          : fault == Fault::kShort ? "Short"
                                                   : "Lost";
  return std::string(command.name) + how;
}

INSTANTIATE_TEST_SUITE_P(Faults, LeanFaultsTest,
                         testing::Combine(testing::ValuesIn(kCases),
                                          testing::Values(Fault::kOnce, Fault::kShort,
                                                          Fault::kForGood)),
                         name_of_case);

}  // namespace
}  // namespace fastformer
