// The installed API's Model and version.
#include <fastformer/model.h>
#include <fastformer/version.h>

#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "model/small_model.h"

namespace fastformer {
namespace {

TEST(PublicModelTest, SaysWhatTheFolderHolds) {
  const model::SmallFolder small;
  const Model opened = Model::open(small.path());
  EXPECT_EQ(opened.labels(), model::small_config().labels);
  EXPECT_EQ(opened.vocabulary(), 4);
  EXPECT_EQ(opened.max_length(), 3);
  EXPECT_EQ(opened.parameters(), model::ModelFolder::open(small.path()).parameters());
  EXPECT_EQ(config::Json::parse(opened.config_json())["vocabulary"], 4);
}

TEST(PublicModelTest, TokenIdsAreCutAndRepaired) {
  const model::SmallFolder small;
  const Model opened = Model::open(small.path());
  EXPECT_TRUE(opened.has_tokenizer());
  EXPECT_EQ(opened.token_ids("Fast \xff the FORMER fast").size(), 3u);
  EXPECT_EQ(opened.token_ids("former stranger"), (std::vector<std::int32_t>{3, 0}));
  // A byte that is no UTF-8 is Windows-1252's letter, a mark and a control character are none.
  EXPECT_EQ(opened.token_ids("\xff"), opened.token_ids("\xc3\xbf"));
  EXPECT_EQ(opened.token_ids("\xef\xbb\xbf"
                             "for\x01mer"),
            opened.token_ids("for mer"));
  EXPECT_TRUE(opened.token_ids("").empty());
}

TEST(PublicModelTest, MovesAndDoesNotCopy) {
  static_assert(!std::is_copy_constructible_v<Model>);
  static_assert(std::is_nothrow_move_constructible_v<Model>);
  const model::SmallFolder small;
  Model first = Model::open(small.path());
  Model second = std::move(first);
  first = std::move(second);
  EXPECT_EQ(first.token_ids("the"), std::vector<std::int32_t>{1});
}

TEST(PublicModelTest, AMissingFolderIsAnError) {
  EXPECT_ERROR(Model::open("/no/such/folder"), "/no/such/folder");
}

TEST(VersionTest, IsTheProjects) {
  const std::string project =
      io::read_file(std::string(FASTFORMER_TEST_DATA) + "/../../CMakeLists.txt");
  EXPECT_THAT(project,
              testing::HasSubstr("project(fastformer VERSION " + std::string(kVersion) + " "));
  EXPECT_EQ(std::string(library_version()), kVersion);
  EXPECT_EQ(std::string(kVersion), std::to_string(FASTFORMER_VERSION_MAJOR) + "." +
                                       std::to_string(FASTFORMER_VERSION_MINOR) + "." +
                                       std::to_string(FASTFORMER_VERSION_PATCH));
}

}  // namespace
}  // namespace fastformer
