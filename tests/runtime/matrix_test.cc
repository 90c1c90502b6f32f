// What packed weights take and refuse.
#include "runtime/matrix.h"

#include <fastformer/error.h>
#include <gtest/gtest.h>

namespace fastformer::runtime {
namespace {

TEST(PackedMatrixTest, SumsOfTheWidestFitIn32Bits) {
  constexpr std::int64_t kLargest = 255 * 127;  // an operand's byte, offset by 128, times a weight
  EXPECT_LE(kMostQuadInputs * kLargest, 2147483647);
  EXPECT_GT((kMostQuadInputs + 1) * kLargest, 2147483647);
  PackedMatrix matrix;
  matrix.require(1, kMostQuadInputs, Precision::kInt8);
  EXPECT_THROW(matrix.require(1, kMostQuadInputs + 1, Precision::kInt8), Error);
  matrix.require(1, kMostQuadInputs + 1, Precision::kBfloat16);
}

}  // namespace
}  // namespace fastformer::runtime
