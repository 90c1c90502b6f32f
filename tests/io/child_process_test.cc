// Programs that end by themselves, over a limit, or because they are to.
#include "io/child_process.h"

#include <gtest/gtest.h>

#include <vector>

#include "temporary_folder.h"

namespace fastformer::io {
namespace {

class ChildProcessTest : public testing::Test {
 protected:
  ChildResult shell(const std::string& script, const ChildLimits& limits = {},
                    const std::function<bool()>& stop = {}) {
    const std::vector<std::string> words = {"/bin/sh", "-c", script};
    return run_child(words, talk_, limits, stop);
  }

  TemporaryFolder folder_;
  std::string talk_ = folder_.file("talk");
};

TEST_F(ChildProcessTest, OutputTalkAndCode) {
  const ChildResult result = shell("echo out; echo err >&2; cat; exit 3");
  EXPECT_EQ(result.end, ChildEnd::kExit);
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(read_file(talk_), "err\n");
  shell("echo more >&2");
  EXPECT_EQ(read_file(talk_), "err\nmore\n");
}

TEST_F(ChildProcessTest, MuchOutputArrivesWhole) {
  const ChildResult result = shell("head -c 1000000 /dev/zero | tr '\\0' x");
  EXPECT_EQ(result.output, std::string(1000000, 'x'));
}

TEST_F(ChildProcessTest, MemoryIsTheChilds) {
  const std::vector<char> held(64 << 20, 'x');  // the parent's does not count
  EXPECT_LT(shell("sleep 0.2").peak_memory, 32 << 20);
}

TEST_F(ChildProcessTest, Limits) {
  const ChildResult late = shell("exec sleep 20", {0.1, 0});
  EXPECT_EQ(late.end, ChildEnd::kOverTime);
  EXPECT_LT(late.seconds, 10);
  const ChildResult large = shell("x=x; while :; do x=$x$x; done", {20, 50 << 20});
  EXPECT_EQ(large.end, ChildEnd::kOverMemory);
  EXPECT_EQ(shell("exit 0", {20, 1 << 30}).end, ChildEnd::kExit);
}

TEST_F(ChildProcessTest, IsToldToStopAndMaySaveItsWork) {
  int asked = 0;
  const ChildResult result = shell("trap 'echo saved; exit 5' TERM; while :; do sleep 0.05; done",
                                   {}, [&] { return ++asked > 10; });
  EXPECT_EQ(result.end, ChildEnd::kStopped);
  EXPECT_EQ(result.output, "saved\n");
  EXPECT_EQ(result.code, 5);
}

TEST_F(ChildProcessTest, SignalsAndMissingPrograms) {
  const ChildResult result = shell("kill -9 $$");
  EXPECT_EQ(result.end, ChildEnd::kSignal);
  EXPECT_EQ(result.code, 9);
  const std::vector<std::string> words = {folder_.file("none")};
  EXPECT_ERROR(run_child(words, talk_, {}, {}), "cannot be started");
}

}  // namespace
}  // namespace fastformer::io
