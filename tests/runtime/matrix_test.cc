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

TEST(PackedMatrixTest, APackedTransposeIsThat) {
  for (const std::int64_t rows : {1, 3, 16, 40}) {
    for (const std::int64_t columns : {1, 15, 16, 17, 50}) {
      Matrix a(rows, columns);
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < columns; ++j) {
          a.row(i)[j] = static_cast<float>(100 * i + j + 1);
        }
      }
      const Matrix t = transposed(a);
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < columns; ++j) EXPECT_EQ(t.row(j)[i], a.row(i)[j]);
      }
      const PackedMatrix expected = pack(t), packed = pack_transposed(a);
      EXPECT_EQ(packed.outputs, expected.outputs);
      EXPECT_EQ(packed.inputs, expected.inputs);
      ASSERT_EQ(packed.panels.size(), expected.panels.size());
      for (std::int64_t i = 0; i < packed.panels.size(); ++i) {
        EXPECT_EQ(packed.panels[i], expected.panels[i]);
      }
    }
  }
}

}  // namespace
}  // namespace fastformer::runtime
