// Rows with distributions over labels.
#include "data/soft_label_field.h"

#include <numeric>

#include "read_text.h"

namespace fastformer::data {
namespace {

ReadSetting soft(const std::string& column) {
  ReadSetting setting;
  setting.options.target = Target::kSoft;
  setting.options.label_column = column;
  return setting;
}

Record read_one(const std::string& distribution) {
  return read_text("a.jsonl", "{\"text\":\"one\",\"p\":" + distribution + "}\n", soft("p")).at(0);
}

TEST(SoftLabelFieldTest, ObjectsAndListsAreDistributions) {
  for (const char* distribution :
       {"{\"a\":0.75,\"b\":0.25,\"c\":0}",
        "[{\"label\":\"a\",\"score\":0.5},{\"label\":\" b\",\"score\":0.25},"
        "{\"label\":\"a\",\"score\":0.25}]",
        "\"{\\\"a\\\":0.75,\\\"b\\\":0.25}\""}) {
    const Record record = read_one(distribution);
    EXPECT_EQ(record.labels, (Lines{"a", "b"})) << distribution;
    EXPECT_EQ(record.shares, (std::vector<float>{0.75F, 0.25F}));
    EXPECT_TRUE(record.has_label && record.has_list);
  }
  const auto rows = read_text("a.csv", "text,p\none,\"{\"\"a\"\":1}\"\n", soft("p"));
  EXPECT_EQ(rows.at(0).shares, std::vector<float>{1.0F});
}

TEST(SoftLabelFieldTest, SumsNearOneAreMadeOne) {
  for (const char* distribution : {"{\"a\":0.333,\"b\":0.333,\"c\":0.333}", "{\"a\":1.005}"}) {
    const Record record = read_one(distribution);
    EXPECT_NEAR(std::accumulate(record.shares.begin(), record.shares.end(), 0.0), 1, 1e-6);
  }
}

TEST(SoftLabelFieldTest, WhatIsNoDistributionIsMalformed) {
  for (const auto& [distribution, reason] :
       {std::pair("{\"a\":-0.1,\"b\":1.1}", "is -0.1, not a number from 0 to 1"),
        std::pair("{\"a\":0.5}", "sum to 0.5000, not to 1"), std::pair("{}", "sum to 0.0000"),
        std::pair("{\"a\":0.9,\"b\":0.9}", "sum to 1.8"),
        std::pair("{\"a\":\"x\"}", "not a number"), std::pair("{\"a\":null}", "not a number"),
        std::pair("{\" \":1}", "an empty label"), std::pair("[0.5,0.5]", "not a label and a score"),
        std::pair("[{\"label\":\"a\"}]", "score"),
        std::pair("[{\"label\":1,\"score\":1}]", "not a label"), std::pair("1", "neither"),
        std::pair("\"a\"", "not valid JSON"), std::pair("null", "is null")}) {
    EXPECT_ERROR(read_one(distribution), reason);
    EXPECT_ERROR(read_one(distribution), "a.jsonl, line 1");
  }
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_ERROR(read_one(deep), "not a label and a score");
  EXPECT_ERROR(read_one("{\"a\":" + deep + "}"), "not a number");
  EXPECT_ERROR(read_text("a.txt", "__label__a one\n", soft("")), "--soft-label-column");
}

TEST(SoftLabelFieldTest, AMissingColumnIsNamedByItsFlag) {
  EXPECT_ERROR(read_text("a.csv", "text,label\none,x\n", soft("dist")),
               "has no column \"dist\" (--soft-label-column)");
  EXPECT_ERROR(read_text("a.csv", "text,label\none,x\n", soft("3")),
               "--soft-label-column 3 does not exist");
}

}  // namespace
}  // namespace fastformer::data
