// Seals: every bit of a file counts, and what has none is taken.
#include "model/seal.h"

#include <gmock/gmock.h>

#include <vector>

#include "faults/failing_call.h"
#include "io/files.h"
#include "temporary_folder.h"

namespace fastformer::model {
namespace {

const std::vector<float> kValues = {1, 2, 3, 4, 5, 6};

std::vector<NamedTensor> tensors() {
  return {named_tensor("b", {2, 2}, std::span(kValues).first(4)),
          named_tensor("a", {2}, std::span(kValues).last(2))};
}

TEST(SealTest, WhatWasWrittenIsWhole) {
  const TemporaryFolder folder;
  write_sealed_safetensors(folder.file("x"), tensors(), {{"k", "v"}});
  const SafetensorsFile file(folder.file("x"));
  EXPECT_NO_THROW(check_seal(file));
  EXPECT_EQ(file.metadata().at("k"), "v");
}

// Whichever byte is another, the file does not open or its seal is another.
TEST(SealTest, EveryByteCounts) {
  const TemporaryFolder folder;
  write_sealed_safetensors(folder.file("x"), tensors(), {{"k", "v"}});
  const std::string whole = io::read_file(folder.file("x"));
  const std::size_t name = whole.find(kSealKey);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    // Blanks after the header hold nothing, and a seal under another name is none.
    const bool is_free =
        whole[at] == ' ' || (at >= name && at < name + std::string_view(kSealKey).size());
    if (is_free) continue;
    std::string damaged = whole;
    damaged[at] ^= 1;
    const std::string path = folder.file(std::to_string(at));
    io::OutputFile(path).write(damaged);
    EXPECT_ANY_THROW(check_seal(SafetensorsFile(path))) << at;
  }
}

TEST(SealTest, LargeTensorsAreBroughtInWhereTheSystemDoes) {
  const TemporaryFolder folder;
  const std::vector<float> values(100000, 0.25F);
  write_sealed_safetensors(folder.file("x"), std::vector{named_tensor("a", {100000}, values)}, {});
  const SafetensorsFile file(folder.file("x"));
  FailingCall counting;
  {
    const io::ScopedOperations scope(&counting);
    EXPECT_NO_THROW(check_seal(file));
  }
  EXPECT_THAT(counting.calls(), testing::Contains("map ahead"));
  for (int call = 1; call <= std::ssize(counting.calls()); ++call) {
    FailingCall failing(Fault::kOnce, call);
    const io::ScopedOperations scope(&failing);
    EXPECT_NO_THROW(check_seal(file)) << counting.calls()[static_cast<std::size_t>(call - 1)];
  }
}

TEST(SealTest, OrderDoesNotMatterAndAFileOfOthersIsTaken) {
  const TemporaryFolder folder;
  write_sealed_safetensors(folder.file("x"), tensors(), {});
  const std::string seal = SafetensorsFile(folder.file("x")).metadata().at(kSealKey);
  std::vector<NamedTensor> turned = tensors();
  std::swap(turned[0], turned[1]);
  write_safetensors(folder.file("y"), turned, {{kSealKey, seal}});
  EXPECT_NO_THROW(check_seal(SafetensorsFile(folder.file("y"))));
  write_safetensors(folder.file("z"), tensors());
  EXPECT_NO_THROW(check_seal(SafetensorsFile(folder.file("z"))));
}

}  // namespace
}  // namespace fastformer::model
