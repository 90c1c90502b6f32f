// Every file operation of a training fails once, in turn: a clear error or a correct result, no
// half of a model, and a way on to the same bytes.
#include <functional>
#include <tuple>

#include "learn/training/freed_memory.h"
#include "training_runs.h"

namespace fastformer {
namespace {

// Ends a run as kill -9 does, once so many states have been written.
class StopAfterStates : public FailingCall {
 public:
  struct Stop {};

  explicit StopAfterStates(int states) : states_(states) {}

  int rename(const std::string& from, const std::string& to) override {
    const int result = FailingCall::rename(from, to);
    if (to.ends_with("checkpoint.safetensors") && --states_ == 0) throw Stop();
    return result;
  }

 private:
  int states_;
};

class TrainFaultsTest : public testing::TestWithParam<std::tuple<Run, Fault, Cache>> {
 protected:
  TrainFaultsTest()
      : runs_(std::get<0>(GetParam()), std::get<2>(GetParam())), fault_(std::get<1>(GetParam())) {
    learn::keep_freed_memory();
    FailingCall none;
    EXPECT_EQ(runs_.begin(none).code, 0);
    model_ = runs_.model_bytes();
    runs_.keep_cache();
    runs_.clear();
  }

  // Runs `attempt` once without a fault and then with one in each of its calls, and checks what
  // every run leaves; `prepare` comes before each.
  void try_all(const std::function<void()>& prepare,
               const std::function<CommandResult(io::Operations&)>& attempt) {
    prepare();
    FailingCall none;
    check(attempt(none), none);
    const std::vector<int> points = points_of(fault_, none.calls());
    int failed = 0, warned = 0;
    for (const int number : points) {
      runs_.clear();
      prepare();
      FailingCall calls(fault_, number);
      const CommandResult result = attempt(calls);
      ASSERT_TRUE(calls.has_struck());
      SCOPED_TRACE(std::string(name_of(fault_)) + " at call " + std::to_string(number) + ", " +
                   calls.struck() + ": " + result.error + "\n" + result.warnings);
      check(result, calls);
      go_on(result);
      if (HasFailure()) return;
      failed += result.code != 0;
      warned += result.code == 0 && !result.warnings.empty();
    }
    std::printf("%zu of %zu calls: %d errors, %d warnings\n", points.size(), none.calls().size(),
                failed, warned);
  }

  // Whatever happened, the model is whole or not there.
  void check(const CommandResult& result, const FailingCall& calls) {
    if (result.code == 0) {
      EXPECT_EQ(result.error, "");
      EXPECT_TRUE(runs_.model_bytes() == model_);
      EXPECT_FALSE(io::exists(runs_.work()));
      return;
    }
    EXPECT_TRUE(is_clear(result, calls, runs_.folder()));
    EXPECT_NE(fault_, Fault::kShort);
    if (io::exists(runs_.output())) {
      EXPECT_TRUE(runs_.model_bytes() == model_);
    }
  }

  // After a fault the disk is well again: what the message offers leads to the same model.
  void go_on(const CommandResult& result) {
    FailingCall none;
    const bool is_begun = io::exists(runs_.output()) || io::exists(runs_.work());
    CommandResult next = is_begun ? runs_.resume(none) : runs_.begin(none);
    if (next.code != 0 && next.error.find("Remove it and begin anew") != std::string::npos) {
      EXPECT_EQ(fault_, Fault::kForGood) << "a useless folder is left: " << next.error;
      runs_.clear();
      next = runs_.begin(none);
    }
    EXPECT_EQ(next.code, 0) << next.error;
    EXPECT_TRUE(runs_.model_bytes() == model_);
    EXPECT_FALSE(io::exists(runs_.work()));
    const std::vector<std::string> names = io::list_directory(runs_.output());
    EXPECT_EQ(names.size(), 6u) << testing::PrintToString(names) << result.error;
  }

  TrainingRuns runs_;
  Fault fault_;
  std::string model_;
};

TEST_P(TrainFaultsTest, ANewRun) {
  try_all([] {}, [&](io::Operations& calls) { return runs_.begin(calls); });
}

TEST_P(TrainFaultsTest, ARunTakenUpAgain) {
  StopAfterStates stop(2);
  EXPECT_THROW(runs_.begin(stop), StopAfterStates::Stop);
  ASSERT_TRUE(io::exists(runs_.work()));
  runs_.keep_work();
  try_all([&] { runs_.bring_work_back(); },
          [&](io::Operations& calls) { return runs_.resume(calls); });
}

std::string name_of_case(const testing::TestParamInfo<std::tuple<Run, Fault, Cache>>& of) {
  const auto [run, fault, cache] = of.param;
  const char* const how = fault == Fault::kOnce    ? "Once"
                          : fault == Fault::kShort ? "Short"
                                                   : "Lost";
  const char* const kept = cache == Cache::kEmpty  ? "EmptyCache"
                           : cache == Cache::kFull ? "FullCache"
                                                   : "";
  constexpr const char* kRuns[] = {"Share", "Parts", "Pretraining"};
  return kRuns[static_cast<int>(run)] + std::string(how) + kept;
}

INSTANTIATE_TEST_SUITE_P(
    Faults, TrainFaultsTest,
    testing::Values(std::tuple(Run::kShare, Fault::kOnce, Cache::kNone),
                    std::tuple(Run::kShare, Fault::kShort, Cache::kNone),
                    std::tuple(Run::kShare, Fault::kForGood, Cache::kNone),
                    std::tuple(Run::kParts, Fault::kOnce, Cache::kNone),
                    std::tuple(Run::kShare, Fault::kOnce, Cache::kEmpty),
                    std::tuple(Run::kShare, Fault::kOnce, Cache::kFull),
                    std::tuple(Run::kPretraining, Fault::kOnce, Cache::kNone),
                    std::tuple(Run::kPretraining, Fault::kShort, Cache::kNone),
                    std::tuple(Run::kPretraining, Fault::kForGood, Cache::kNone),
                    std::tuple(Run::kPretraining, Fault::kOnce, Cache::kEmpty)),
    name_of_case);

}  // namespace
}  // namespace fastformer
