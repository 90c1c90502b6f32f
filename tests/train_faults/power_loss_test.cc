// The power fails at any moment of a training: the model is whole or not there, no state that was
// kept is lost, and the run goes on to the same model.
#include "faults/power_loss.h"

#include <filesystem>
#include <fstream>

#include "learn/training/freed_memory.h"
#include "training_runs.h"

namespace fastformer {
namespace {

constexpr char kState[] = "model.training/checkpoint.safetensors";

// A run, what it asked of the disk, and which states it had made durable when.
class RecordedRun {
 public:
  RecordedRun() : runs_(Run::kParts) {
    EXPECT_EQ(runs_.begin(recorded_).code, 0);
    model_ = runs_.model_bytes();
    std::string next;
    for (std::size_t i = 0; i < calls().size(); ++i) {
      const DiskCall& call = calls()[i];
      if (call.kind == DiskCall::Kind::kCreate) next.clear();
      if (call.kind == DiskCall::Kind::kWrite) next += call.more;
      if (call.kind == DiskCall::Kind::kRename && call.more.ends_with(kState)) {
        states_.emplace_back(next, i + 2);  // the folder's sync comes after the rename
      }
    }
  }

  const TrainingRuns& runs() const { return runs_; }
  const std::vector<DiskCall>& calls() const { return recorded_.calls(); }
  const std::string& model() const { return model_; }
  std::size_t states() const { return states_.size(); }
  // The number, from 1, of a state with these bytes; 0: none.
  std::size_t number_of(const std::string& bytes) const {
    for (std::size_t i = states_.size(); i > 0; --i) {
      if (states_[i - 1].first == bytes) return i;
    }
    return 0;
  }
  // How many states were durable after so many calls.
  std::size_t kept(std::size_t done) const {
    std::size_t kept = 0;
    for (const auto& [bytes, durable] : states_) kept += durable <= done;
    return kept;
  }

 private:
  TrainingRuns runs_;
  RecordedCalls recorded_;
  std::string model_;
  std::vector<std::pair<std::string, std::size_t>> states_;
};

// The promised bytes of the model in `content`, as TrainingRuns::model_bytes() has them.
std::string model_in(const DiskContent& content) {
  std::string bytes;
  for (const char* name : kPromised) {
    const auto found = content.find("model/" + std::string(name));
    bytes += (found == content.end() ? "none" : found->second) + "|";
  }
  return bytes;
}

TEST(TrainingPowerLossTest, LosesNothingThatWasKept) {
  const RecordedRun run;
  ASSERT_GT(run.states(), 3u);
  const std::size_t count = for_each_power_loss(
      Disk(run.runs().folder(), {}), run.calls(),
      [&](const DiskContent& content, std::size_t done) {
        SCOPED_TRACE("after " + std::to_string(done) + " calls");
        if (content.contains("model/")) {
          EXPECT_TRUE(model_in(content) == run.model());
          return;
        }
        EXPECT_LT(done, run.calls().size());
        const auto state = content.find(kState);
        const std::size_t number = state == content.end() ? 0 : run.number_of(state->second);
        EXPECT_TRUE(state == content.end() || number > 0) << "a state that none was";
        EXPECT_GE(number, run.kept(done)) << "a state was lost";
        EXPECT_TRUE(number == 0 || content.contains("model.training/run.json"));
      });
  std::printf("%zu calls, %zu states of the disk, %zu of the run\n", run.calls().size(), count,
              run.states());
}

void write_to_disk(const TrainingRuns& runs, const DiskContent& content) {
  runs.clear();
  for (const auto& [path, bytes] : content) {
    const std::string full = io::join_path(runs.folder(), path);
    if (path.ends_with('/')) {
      std::filesystem::create_directory(full);
    } else {
      std::ofstream(full, std::ios::binary) << bytes;
    }
  }
}

TEST(TrainingPowerLossTest, TheRunGoesOn) {
  learn::keep_freed_memory();
  const RecordedRun run;
  std::set<DiskContent> seen;
  for_each_power_loss(Disk(run.runs().folder(), {}), run.calls(),
                      [&](const DiskContent& content, std::size_t) { seen.insert(content); });
  // As many as there is time for, evenly spread.
  constexpr std::size_t kTried = 100;
  std::size_t number = 0, begun_anew = 0;
  for (const DiskContent& content : seen) {
    if (number++ % (seen.size() / kTried + 1) != 0) continue;
    write_to_disk(run.runs(), content);
    FailingCall none;
    CommandResult result = run.runs().resume(none);
    if (result.code != 0) {
      EXPECT_THAT(result.error, testing::HasSubstr("there is no run to go on with"));
      EXPECT_FALSE(content.contains(kState));
      run.runs().clear();
      result = run.runs().begin(none);
      ++begun_anew;
    }
    ASSERT_EQ(result.code, 0) << result.error;
    ASSERT_TRUE(run.runs().model_bytes() == run.model());
  }
  std::printf("%zu different states of the disk, %zu began anew\n", seen.size(), begun_anew);
}

}  // namespace
}  // namespace fastformer
