// The power fails at any moment: files and model folders are there whole, old or new.
#include "power_loss.h"

#include <gtest/gtest.h>

#include "io/memory_files.h"
#include "io/work_folder.h"
#include "small_classifier.h"

namespace fastformer {
namespace {

// The content of a model folder after it was read as a model.
DiskContent read_model(const DiskContent& content, const std::string& folder) {
  DiskContent files;
  for (const auto& [path, bytes] : content) {
    if (path.starts_with(folder) && !path.ends_with('/')) files[path] = bytes;
  }
  MemoryFiles memory(files);
  const io::ScopedOperations scope(&memory);
  const model::ModelFolder opened =
      model::ModelFolder::open(std::string(io::without_final_slashes(folder)));
  EXPECT_TRUE(opened.wide() && opened.tokenizer());
  return files;
}

TEST(PowerLossTest, AFileIsOldOrNew) {
  const TemporaryFolder folder;
  folder.write("file", "the old bytes");
  RecordedCalls recorded;
  {
    const io::ScopedOperations scope(&recorded);
    io::write_file_atomically(folder.file("file"), "the new ones");
    io::write_file_atomically(folder.file("another"), "more");
  }
  const Disk disk(folder.path(), {{"file", "the old bytes"}});
  const std::size_t end = recorded.calls().size();
  const std::size_t states = for_each_power_loss(
      disk, recorded.calls(), [&](const DiskContent& content, std::size_t done) {
        const std::string& bytes = content.at("file");
        EXPECT_TRUE(bytes == "the new ones" || (bytes == "the old bytes" && done < end / 2));
        if (content.contains("another") || done == end) {
          EXPECT_EQ(content.at("another"), "more");
        }
      });
  std::printf("%zu calls, %zu states\n", end, states);
}

TEST(PowerLossTest, AModelFolderIsWholeOrNotThere) {
  const TemporaryFolder folder;
  RecordedCalls recorded;
  {
    const io::ScopedOperations scope(&recorded);
    io::WorkFolder work(folder.file("model"), ".training");
    write_small_classifier(work.path());
    io::OutputFile(work.file("training.jsonl")).write("{}\n");
    work.commit();
  }
  DiskContent whole;
  for (const std::string& name : io::list_directory(folder.file("model"))) {
    whole["model/" + name] = io::read_file(folder.file("model/" + name));
  }
  const std::size_t states = for_each_power_loss(
      Disk(folder.path(), {}), recorded.calls(), [&](const DiskContent& content, std::size_t done) {
        EXPECT_TRUE(content.contains("model/") || done < recorded.calls().size());
        if (content.contains("model/")) {
          EXPECT_TRUE(read_model(content, "model/") == whole);
        }
      });
  std::printf("%zu calls, %zu states\n", recorded.calls().size(), states);
}

// The test itself sees what is not synced, and what is synced too late.
TEST(PowerLossTest, SeesWhatIsNotSynced) {
  using Kind = DiskCall::Kind;
  const auto losses = [](std::vector<DiskCall> calls) {
    int lost = 0;
    for_each_power_loss(Disk("/d", {{"f", "old"}}), calls,
                        [&](const DiskContent& content, std::size_t done) {
                          const auto found = content.find("f");
                          const bool is_new = found != content.end() && found->second == "new";
                          const bool is_old = found != content.end() && found->second == "old";
                          lost += !is_new && (!is_old || done == calls.size());
                        });
    return lost;
  };
  const DiskCall create = {Kind::kCreate, "/d/t", ""}, write = {Kind::kWrite, "/d/t", "new"},
                 sync = {Kind::kSync, "/d/t", ""}, rename = {Kind::kRename, "/d/t", "/d/f"},
                 sync_folder = {Kind::kSync, "/d", ""};
  EXPECT_EQ(losses({create, write, sync, rename, sync_folder}), 0);
  EXPECT_GT(losses({create, write, rename, sync_folder}), 0);
  EXPECT_GT(losses({create, write, sync, rename}), 0);
  EXPECT_GT(losses({create, write, rename, {Kind::kSync, "/d/f", ""}, sync_folder}), 0);
  EXPECT_GT(losses({{Kind::kEmpty, "/d/f", ""}, {Kind::kWrite, "/d/f", "new"}}), 0);
}

}  // namespace
}  // namespace fastformer
