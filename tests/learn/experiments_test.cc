// Cells of a comparison, and the journal of those that are done.
#include <gtest/gtest.h>

#include <set>

#include "learn/encoders/encoder.h"
#include "learn/experiments/cell_journal.h"
#include "learn/experiments/cells.h"
#include "temporary_folder.h"

namespace fastformer::learn {
namespace {

using config::Json;

TEST(CellsTest, EveryCellOnceInOrder) {
  install_encoders();
  const std::vector<Variant> variants = variants_of("encoders", {"linformer", "fastformer"});
  const std::vector<Cell> cells = cells_of(variants, {3, 1}, {512, 128});
  std::set<std::string> names;
  for (const Cell& cell : cells) names.insert(cell.name);
  EXPECT_EQ(names.size(), cells.size());
  ASSERT_EQ(cells.size(), 4U + 2 * (2 + 3));
  EXPECT_EQ(cells[0].name, "linformer, seed 3");
  EXPECT_EQ(cells[3].name, "fastformer, seed 1");
  EXPECT_EQ(cells[4].name, "linformer, training at 128 tokens");
  EXPECT_EQ(cells.back().name, "fastformer, use in bfloat16 at 512 tokens");
  EXPECT_TRUE(same_curve(cells[4], cells[9]));
  EXPECT_FALSE(same_curve(cells[4], cells[5]));
  EXPECT_FALSE(same_curve(cells[0], cells[2]));
  EXPECT_EQ(file_name_of(cells.back().name), "fastformer-use-in-bfloat16-at-512-tokens");
}

TEST(CellsTest, Variants) {
  install_encoders();
  EXPECT_EQ(variants_of("interaction", {}).size(), 3U);
  EXPECT_EQ(variants_of("sharing", {}).size(), 5U);
  EXPECT_ERROR(variants_of("shairing", {}), "sharing");
  EXPECT_ERROR(variants_of("encoders", {"bigbrid"}), "bigbird");
  EXPECT_ERROR(variants_of("encoders", {"bigbird", "bigbird"}), "twice");
}

TEST(CellJournalTest, KeepsWhatIsDone) {
  const TemporaryFolder folder;
  const Json told = {{"epochs", 3}};
  {
    CellJournal journal(folder.path(), told);
    EXPECT_EQ(journal.find("a"), nullptr);
    journal.add("a", {{"accuracy", 0.5}});
    journal.add("b", {{"accuracy", 0.25}});
    EXPECT_ERROR(CellJournal(folder.path(), told), "at work");
  }
  const CellJournal again(folder.path(), told);
  ASSERT_NE(again.find("b"), nullptr);
  EXPECT_EQ((*again.find("b"))["accuracy"], 0.25);
}

TEST(CellJournalTest, ALineThatWasCutOffAnywhereIsDoneAgain) {
  const TemporaryFolder folder;
  CellJournal(folder.path(), Json::object()).add("a", {{"x", 1}});
  CellJournal(folder.path(), Json::object()).add("b", {{"x", 2}});
  const std::string path = folder.file(kJournalFile), text = io::read_file(path);
  const std::size_t first = text.find('\n') + 1;
  for (std::size_t size = 0; size < text.size(); ++size) {
    io::write_file_atomically(path, text.substr(0, size));
    CellJournal journal(folder.path(), Json::object());
    EXPECT_EQ(journal.find("a") != nullptr, size >= first) << size;
    EXPECT_EQ(journal.find("b"), nullptr);
    journal.add("b", {{"x", 3}});
    EXPECT_TRUE(io::read_file(path).ends_with("{\"cell\":\"b\",\"x\":3}\n"));
    const std::string kept = size >= first ? text.substr(0, first) : "";
    EXPECT_TRUE(io::read_file(path).starts_with(kept));
  }
}

TEST(CellJournalTest, AnotherComparisonIsRefused) {
  const TemporaryFolder folder;
  CellJournal(folder.path(), {{"epochs", 3}}).add("a", {{"x", 1}});
  EXPECT_ERROR(CellJournal(folder.path(), {{"epochs", 4}}), "epochs as 3, and now it is 4");
  EXPECT_ERROR(CellJournal(folder.path(), {{"epochs", 3}, {"width", 8}}), "width as nothing");
  EXPECT_ERROR(CellJournal(folder.path(), Json::object()), "another --output");
  io::write_file_atomically(folder.file(kJournalFile), "{\"x\":1}\n");
  EXPECT_ERROR(CellJournal(folder.path(), {{"epochs", 3}}), "line 1");
}

TEST(CellJournalTest, BeforeTheFirstCellAnythingMayChange) {
  const TemporaryFolder folder;
  const Json now = {{"epochs", 4}, {"encoders", {{"b", 1}}}};
  CellJournal(folder.path(), {{"epochs", 3}, {"width", 8}});
  io::make_directory(folder.file(kBegunFolder));
  CellJournal(folder.path(), {{"epochs", 3}, {"width", 8}});
  EXPECT_TRUE(io::exists(folder.file(kBegunFolder)));
  CellJournal(folder.path(), now);
  EXPECT_FALSE(io::exists(folder.file(kBegunFolder)));
  EXPECT_EQ(Json::parse(io::read_file(folder.file(kComparisonFile))), now);
}

TEST(CellJournalTest, AForgottenCellIsDoneAgain) {
  const TemporaryFolder folder;
  CellJournal journal(folder.path(), Json::object());
  journal.add("a", {{"ended", "over 1 s"}});
  journal.forget("a");
  EXPECT_EQ(journal.find("a"), nullptr);
  journal.add("a", {{"x", 1}});
  EXPECT_TRUE(journal.find("a")->contains("x"));
}

TEST(CellJournalTest, EncodersAreAddedWithTheirOptions) {
  const TemporaryFolder folder;
  const auto told = [](const Json& encoders) { return Json{{"encoders", encoders}}; };
  CellJournal(folder.path(), told({{"a", {{"block", 1}}}})).add("cell", {{"x", 1}});
  CellJournal(folder.path(), told({{"b", {{"rank", 2}}}}));
  CellJournal(folder.path(), told({{"a", {{"block", 1}}}, {"c", Json::object()}}));
  EXPECT_ERROR(CellJournal(folder.path(), told({{"b", {{"rank", 3}}}})), "now it is");
}

TEST(CellJournalTest, AFolderOfOtherFilesIsLeftAlone) {
  const TemporaryFolder folder;
  io::write_file_atomically(folder.file("report.html"), "mine");
  EXPECT_ERROR(CellJournal(folder.path(), Json::object()), "holds files, and no comparison");
  EXPECT_FALSE(io::exists(folder.file(kComparisonFile)));
  io::write_file_atomically(folder.file(kJournalFile), "no lines");
  EXPECT_ERROR(CellJournal(folder.path(), Json::object()), "holds files, and no comparison");
  EXPECT_EQ(io::read_file(folder.file(kJournalFile)), "no lines");
}

}  // namespace
}  // namespace fastformer::learn
