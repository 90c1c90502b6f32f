// Devices by name, and what libtorch throws.
#include "learn/device.h"

#include <new>

#include "learn/torch_errors.h"
#include "temporary_folder.h"

namespace fastformer::learn {
namespace {

TEST(DeviceTest, NamesAreChecked) {
  EXPECT_EQ(device_named("cpu"), at::Device(at::kCPU));
  for (const char* name : {"", "cud", "cuda:", "cuda:x", "cuda:-1", "cuda0", "CUDA"}) {
    try {
      device_named(name);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage) << name;
    }
  }
  EXPECT_ERROR(device_named("gpu"), "Known: cpu, cuda, cuda:N");
}

TEST(DeviceTest, ACudaDeviceIsThereOrAnErrorSaysWhatIsMissing) {
  try {
    EXPECT_TRUE(device_named("cuda").is_cuda());
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("--device: "));
    EXPECT_THAT(error.what(), testing::HasSubstr("--device cpu"));
  }
}

TEST(TorchErrorsTest, KeepTheirWordsAndLoseTheirStack) {
  EXPECT_EQ(with_torch_errors([] { return 7; }), 7);
  const auto mismatch = [] {
    at::matmul(at::zeros({2, 3}), at::zeros({2, 3}));
    return 0;
  };
  try {
    with_torch_errors(mismatch);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("libtorch: "));
    EXPECT_THAT(error.what(), testing::HasSubstr("2x3"));
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("frame #")));
  }
}

TEST(TorchErrorsTest, OutOfMemoryIsBadAlloc) {
  const auto too_much = [] {
    at::empty({std::int64_t{1} << 60}, at::kByte);
    return 0;
  };
  EXPECT_THROW(with_torch_errors(too_much), std::bad_alloc);
  EXPECT_THROW(with_torch_errors([]() -> int { throw Error("own"); }), Error);
}

}  // namespace
}  // namespace fastformer::learn
