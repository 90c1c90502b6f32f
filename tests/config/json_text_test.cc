// Guards of the JSON parser.
#include "config/json_text.h"

#include "temporary_folder.h"

namespace fastformer::config {
namespace {

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

TEST(JsonTextTest, KeepsTheOrderOfKeys) {
  const Json value = parse_json<Json>(R"({"z": 1, "a": {"c": [], "b": null}})", "x");
  EXPECT_EQ(value.dump(), R"({"z":1,"a":{"c":[],"b":null}})");
  EXPECT_EQ(parse_json<Json>(json_text(value), "x"), value);
}

TEST(JsonTextTest, RefusesWhatIsNotOneValue) {
  for (const char* bad : {"", " ", "{", "{}{}", "{} x", "[1,]", "{\"a\":1,}", "nul", "NaN", "'a'",
                          "\"\xff\"", "// x\n{}", "01", "{1:2}"}) {
    EXPECT_ERROR(parse_json<Json>(bad, "file.json"), "file.json: is not valid JSON");
  }
}

TEST(JsonTextTest, BoundsTheDepth) {
  EXPECT_NO_THROW(parse_json<Json>(nested(8), "x", {.depth = 8}));
  EXPECT_ERROR(parse_json<Json>(nested(10), "x", {.depth = 8}), "nested");
  EXPECT_ERROR(parse_json<Json>(nested(1000000), "x"), "nested");
  EXPECT_ERROR(parse_json<nlohmann::json>(nested(1000000), "x"), "nested");
}

TEST(JsonTextTest, BoundsKeysAndValues) {
  EXPECT_NO_THROW(parse_json<Json>(R"({"a":1,"b":{"c":2}})", "x", {.keys = 3, .values = 2}));
  EXPECT_ERROR(parse_json<Json>(R"({"a":1,"b":{"c":2}})", "x", {.keys = 2}), "keys");
  EXPECT_ERROR(parse_json<Json>("[1,2,null]", "x", {.values = 2}), "values");
}

TEST(JsonTextTest, RefusesAKeyTwiceInOneObjectOnly) {
  EXPECT_ERROR(parse_json<Json>(R"({"a":{"k":1},"b":2,"a":3})", "x"), "\"a\" appears twice");
  EXPECT_ERROR(parse_json<Json>(R"([{"k":1,"k":1}])", "x"), "\"k\" appears twice");
  EXPECT_NO_THROW(parse_json<Json>(R"({"a":{"k":1},"b":[{"k":1},{"k":2}],"k":3})", "x"));
}

TEST(JsonTextTest, WritesBytesThatAreNotUtf8) {
  EXPECT_EQ(json_text(Json("a\xff")), "\"a\xef\xbf\xbd\"\n");
}

TEST(JsonTextTest, UnknownKeysBringTheNearest) {
  const std::vector<std::string> known = {"labels", "vocabulary"};
  EXPECT_NO_THROW(check_keys({{"labels", 1}}, known, "x"));
  EXPECT_ERROR(check_keys({{"lables", 1}}, known, "file"), "Did you mean \"labels\"?");
  EXPECT_ERROR(check_keys(Json(3), known, "file"), "file");
}

}  // namespace
}  // namespace fastformer::config
