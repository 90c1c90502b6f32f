// Tensor files: round trips, conversions, and everything that can be wrong with one.
#include "model/safetensors.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "temporary_folder.h"

namespace fastformer::model {
namespace {

std::string with_length(const std::string& header, const std::string& data = "") {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

SafetensorsContent parse(const std::string& bytes) {
  return parse_safetensors(std::as_bytes(std::span(bytes)), "f.safetensors");
}

// A header with one tensor "t" of these properties over eight bytes of data.
std::string one_tensor(const std::string& properties) {
  return with_length("{\"t\":{" + properties + "}}", std::string(8, 'x'));
}

template <typename T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// A file on disk with one tensor "t" of the given bytes.
template <typename T>
SafetensorsFile file_of(const TemporaryFolder& folder, const std::string& dtype,
                        const std::vector<T>& values) {
  const std::string size = std::to_string(values.size());
  const std::string end = std::to_string(values.size() * sizeof(T));
  const std::string header = "{\"t\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + size +
                             "],\"data_offsets\":[0," + end + "]}}";
  return SafetensorsFile(folder.write("one.safetensors", with_length(header, raw(values))));
}

TEST(SafetensorsTest, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  const std::vector<float> floats = {1.5f, -0.0f, 3e38f, 1e-45f, 0, 7};
  const std::vector<double> doubles = {1e300};
  const std::vector<std::int64_t> integers = {std::numeric_limits<std::int64_t>::min(), 3};
  const std::vector<NamedTensor> tensors = {
      named_tensor("b", {2, 3}, std::span(floats)),
      named_tensor("a.weight", {}, std::span(doubles)),
      named_tensor("\xc3\xa4 \"q\"", {2}, std::span(integers)),
      named_tensor("empty", {0, 5}, std::span<const float>())};
  const std::string path = folder.file("x.safetensors");
  write_safetensors(path, tensors, {{"k", "v\n"}, {"a", ""}});
  const SafetensorsFile file(path);
  EXPECT_EQ(file.floats("b"), floats);
  EXPECT_TRUE(std::signbit(file.floats("b")[1]));
  EXPECT_EQ(file.doubles("a.weight"), doubles);
  EXPECT_EQ(file.integers("\xc3\xa4 \"q\""), integers);
  EXPECT_TRUE(file.floats("empty").empty());
  EXPECT_EQ(file.tensor("b").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(file.tensor("a.weight").elements(), 1);
  EXPECT_EQ(file.metadata(), (std::map<std::string, std::string>{{"k", "v\n"}, {"a", ""}}));
  EXPECT_EQ(file.names().size(), 4u);
}

TEST(SafetensorsTest, TheSameInputGivesTheSameAlignedBytes) {
  const TemporaryFolder folder;
  const std::vector<float> values(7, 1);
  for (std::size_t length = 1; length < 66; length += 3) {
    const std::vector<NamedTensor> tensors = {
        named_tensor(std::string(length, 'n'), {7}, std::span(values))};
    write_safetensors(folder.file("1"), tensors);
    write_safetensors(folder.file("2"), tensors);
    const std::string bytes = io::read_file(folder.file("1"));
    EXPECT_EQ(bytes, io::read_file(folder.file("2")));
    EXPECT_EQ((bytes.size() - 7 * sizeof(float)) % 64, 0u);
  }
}

TEST(SafetensorsTest, WritingNothingGivesAFileWithNothing) {
  const TemporaryFolder folder;
  write_safetensors(folder.file("x"), {});
  EXPECT_TRUE(SafetensorsFile(folder.file("x")).names().empty());
  EXPECT_TRUE(parse(with_length("{}")).names.empty());
}

TEST(SafetensorsTest, TheWriterRefusesWhatNobodyCouldRead) {
  const TemporaryFolder folder;
  const std::vector<float> two = {1, 2};
  const auto write = [&](std::vector<NamedTensor> tensors) {
    write_safetensors(folder.file("x"), tensors);
  };
  const NamedTensor good = named_tensor("t", {2}, std::span(two));
  EXPECT_ERROR(write({good, good}), "\"t\" appears twice");
  EXPECT_ERROR(write({named_tensor("t", {3}, std::span(two))}), "does not fill");
  EXPECT_ERROR(write({named_tensor("t", {-2}, std::span(two))}), "does not fill");
  EXPECT_ERROR(write({named_tensor("__metadata__", {2}, std::span(two))}), "metadata");
  EXPECT_ERROR(write({named_tensor("\xff", {2}, std::span(two))}), "UTF-8");
  EXPECT_ERROR(write({{"t", "F31", {2}, good.bytes}}), "does not fill");
  EXPECT_FALSE(io::exists(folder.file("x")));
}

TEST(SafetensorsTest, HalfPrecisionReadsAllPatterns) {
  const TemporaryFolder folder;
  std::vector<std::uint16_t> patterns(65536);
  std::iota(patterns.begin(), patterns.end(), 0);
  const std::vector<float> values = file_of(folder, "F16", patterns).floats("t");
  EXPECT_EQ(values[0x3c00], 1.0f);
  EXPECT_EQ(values[0xc000], -2.0f);
  EXPECT_EQ(values[0x7bff], 65504.0f);
  EXPECT_EQ(values[0x0001], 0x1p-24f);
  EXPECT_EQ(values[0x0400], 0x1p-14f);
  EXPECT_EQ(values[0x7c00], std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(values[0x7e00]));
  // Positive finite patterns count upwards.
  for (std::size_t i = 1; i < 0x7c00; ++i) ASSERT_LT(values[i - 1], values[i]) << i;
  for (std::size_t i = 0; i <= 0x7c00; ++i) ASSERT_EQ(values[i | 0x8000], -values[i]) << i;
}

TEST(SafetensorsTest, BrainFloatsAreUpperHalvesOfFloats) {
  const TemporaryFolder folder;
  std::vector<std::uint16_t> patterns(65536);
  std::iota(patterns.begin(), patterns.end(), 0);
  const std::vector<float> values = file_of(folder, "BF16", patterns).floats("t");
  for (std::uint32_t i = 0; i < 65536; ++i) {
    if (std::isnan(values[i])) continue;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(values[i]), i << 16);
  }
}

TEST(SafetensorsTest, NarrowsDoublesOnlyWhereTheyFit) {
  const TemporaryFolder folder;
  EXPECT_EQ(file_of(folder, "F64", std::vector{0.1, 1e-300}).floats("t"),
            (std::vector<float>{0.1f, 0.0f}));
  EXPECT_EQ(file_of(folder, "F32", std::vector{0.1f}).doubles("t")[0], double{0.1f});
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(std::isinf(file_of(folder, "F64", std::vector{infinity}).floats("t")[0]));
  EXPECT_ERROR(file_of(folder, "F64", std::vector{1e39}).floats("t"), "too large");
}

TEST(SafetensorsTest, IntegersAndFloatsAreNotMixedUp) {
  const TemporaryFolder folder;
  const std::vector<std::int32_t> ids = {-1, 7};
  EXPECT_EQ(file_of(folder, "I32", ids).integers("t"), (std::vector<std::int64_t>{-1, 7}));
  EXPECT_ERROR(file_of(folder, "I32", ids).floats("t"), "\"t\" holds I32");
  EXPECT_ERROR(file_of(folder, "I32", ids).doubles("t"), "\"t\" holds I32");
  EXPECT_ERROR(file_of(folder, "F32", std::vector{1.0f}).integers("t"), "\"t\" holds F32");
  EXPECT_ERROR(file_of(folder, "F32", std::vector{1.0f}).tensor("u"), "no tensor \"u\"");
}

TEST(SafetensorsTest, RefusesFaultyLengths) {
  EXPECT_ERROR(parse(""), "too short");
  EXPECT_ERROR(parse(std::string(7, '\0')), "too short");
  EXPECT_ERROR(parse(std::string(8, '\0')), "JSON");
  EXPECT_ERROR(parse(std::string(64, '\xff')), "cut");
  EXPECT_ERROR(parse(with_length("{}").substr(0, 9)), "cut");
  EXPECT_ERROR(parse(with_length("{}", "x")), "1 bytes after the last tensor");
  EXPECT_ERROR(parse(with_length("[]")), "JSON object");
}

TEST(SafetensorsTest, RefusesFaultyTensors) {
  const std::string good = R"("dtype":"F32","shape":[2],"data_offsets":[0,8])";
  EXPECT_NO_THROW(parse(one_tensor(good)));
  const std::vector<std::string> bad = {
      "",
      R"("dtype":"F32","shape":[2])",
      R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1)",
      R"("dtype":"F31","shape":[2],"data_offsets":[0,8])",
      R"("dtype":32,"shape":[2],"data_offsets":[0,8])",
      R"("dtype":"F32","shape":[3],"data_offsets":[0,8])",
      R"("dtype":"F32","shape":[3],"data_offsets":[0,12])",
      R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])",
      R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])",
      R"("dtype":"F32","shape":["2"],"data_offsets":[0,8])",
      R"("dtype":"F32","shape":2,"data_offsets":[0,8])",
      R"("dtype":"F32","shape":[[2]],"data_offsets":[0,8])",
      R"("dtype":"F32","shape":[2],"data_offsets":[8,0])",
      R"("dtype":"F32","shape":[2],"data_offsets":[0])",
      R"("dtype":"F32","shape":[2],"data_offsets":[0,8,9])",
      R"("dtype":"F32","shape":[2],"data_offsets":[-8,0])",
      R"("dtype":"F32","shape":[1],"data_offsets":[4,8])",
      R"("dtype":"F32","shape":[1],"data_offsets":[0,4])",
      R"("dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,0])",
      R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8])",
      R"("dtype":"F32","shape":[4611686018427387905,2],"data_offsets":[0,8])",
      R"("dtype":"F64","shape":[2305843009213693953],"data_offsets":[0,8])"};
  for (const std::string& properties : bad) {
    SCOPED_TRACE(properties);
    EXPECT_ERROR(parse(one_tensor(properties)), "f.safetensors");
  }
}

TEST(SafetensorsTest, ATensorPastTheEndIsNamed) {
  EXPECT_ERROR(parse(one_tensor(R"("dtype":"F32","shape":[3],"data_offsets":[0,12])")),
               "tensor \"t\" goes past the end");
}

TEST(SafetensorsTest, RefusesOverlapsGapsAndRepeatedNames) {
  const auto two = [](const std::string& first, const std::string& second, const char* name) {
    const std::string start = R"({"dtype":"U8","shape":[4],"data_offsets":)";
    return with_length("{\"a\":" + start + first + "},\"" + name + "\":" + start + second + "}}",
                       std::string(8, 'x'));
  };
  EXPECT_EQ(parse(two("[4,8]", "[0,4]", "b")).names, (std::vector<std::string>{"b", "a"}));
  EXPECT_ERROR(parse(two("[0,4]", "[0,4]", "b")), "overlaps");
  EXPECT_ERROR(parse(two("[0,4]", "[3,7]", "b")), "overlaps");
  EXPECT_ERROR(parse(two("[0,4]", "[5,9]", "b")), "gap");
  EXPECT_ERROR(parse(two("[0,4]", "[4,8]", "a")), "twice");
}

TEST(SafetensorsTest, RefusesMetadataThatAreNotStrings) {
  EXPECT_EQ(parse(with_length(R"({"__metadata__":{"a":"b"}})")).metadata.at("a"), "b");
  EXPECT_ERROR(parse(with_length(R"({"__metadata__":{"a":1}})")), "not a string");
  EXPECT_ERROR(parse(with_length(R"({"__metadata__":[]})")), "metadata");
  EXPECT_ERROR(parse(with_length("{\"t\":" + std::string(100000, '[') + "}")), "nested");
}

TEST(SafetensorsTest, AMissingFileIsNamed) {
  const TemporaryFolder folder;
  EXPECT_ERROR(SafetensorsFile(folder.file("none")), "none: no such file");
  EXPECT_ERROR(SafetensorsFile(folder.path()), "not a regular file");
}

}  // namespace
}  // namespace fastformer::model
