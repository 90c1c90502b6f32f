// Weights rounded to 8 bits: how near they are, and their place in a model folder.
#include "model/quantized.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "model/small_model.h"

namespace fastformer::model {
namespace {

TEST(QuantizedTest, NumbersAreWithinHalfAStep) {
  Random random(1);
  for (const std::int64_t columns : {1, 7, 64}) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < 5 * columns; ++i) {
      // Rows of all sizes, one of zeros, and one that is too small to be told from it.
      constexpr float kSizes[] = {1, 1e-20F, 1e20F, 0, 1e-44F};
      values.push_back(kSizes[i / columns] * static_cast<float>(random.normal()));
    }
    const ByteMatrix matrix = quantize(values, {5, columns});
    ASSERT_EQ(matrix.scales.size(), 5u);
    EXPECT_EQ(matrix.scales[3], 0);
    EXPECT_EQ(matrix.scales[4], 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float scale = matrix.scales[i / static_cast<std::size_t>(columns)];
      EXPECT_NEAR(static_cast<float>(matrix.numbers[i]) * scale, values[i],
                  0.5001F * scale + 1e-40F);
      EXPECT_GE(matrix.numbers[i], -127);
    }
  }
}

TEST(QuantizedTest, AFolderGivesTheRoundedWeights) {
  const SmallFolder small(true);
  const ModelFolder folder = ModelFolder::open(small.path());
  EXPECT_TRUE(folder.config().quantized);
  EXPECT_EQ(folder.config_document()["format"], 2);
  std::size_t rounded = 0;
  for (const FloatTensor& tensor : small.tensors()) {
    const std::vector<float> values = folder.floats(tensor.name);
    ASSERT_EQ(values.size(), tensor.values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR(values[i], tensor.values[i], 0.02) << tensor.name;
    }
    rounded += values != tensor.values;
  }
  EXPECT_EQ(rounded, 2 + 8 + 1u) << "embeddings, a layer's matrices, pooling";
}

TEST(QuantizedTest, AModelThatIsNotKeepsItsFormat) {
  const SmallFolder small;
  EXPECT_EQ(ModelFolder::open(small.path()).config_document()["format"], 1);
}

// Rewrites a tensor of the folder.
void change(const SmallFolder& small, const std::string& name, const NamedTensor& with) {
  const SafetensorsFile file(small.file(kTensorFile));
  std::vector<NamedTensor> tensors;
  for (const std::string& old : file.names()) {
    const TensorView& view = file.tensor(old);
    tensors.push_back(old == name ? with : NamedTensor{old, view.dtype, view.shape, view.bytes});
  }
  const std::string path = small.file("changed");
  write_safetensors(path, tensors);
  io::rename_durably(path, small.file(kTensorFile));
}

TEST(QuantizedTest, WrongScalesAndTypesAreErrors) {
  const std::string name = "embedding.word.weight";
  for (const float wrong : {-1.0F, std::nanf(""), std::numeric_limits<float>::infinity()}) {
    const SmallFolder small(true);
    const std::vector<float> scales = {1, 1, wrong, 1};
    change(small, scale_name(name), named_tensor(scale_name(name), {4}, scales));
    EXPECT_ERROR(ModelFolder::open(small.path()), "embedding.word.weight_scale");
  }
  const SmallFolder small(true);
  const std::vector<float> floats(4 * 8, 1);
  change(small, name, named_tensor(name, {4, 8}, floats));
  EXPECT_ERROR(ModelFolder::open(small.path()), "holds F32, not I8");
  const SmallFolder another(true);
  const std::vector<float> few = {1, 1, 1};
  change(another, scale_name(name), named_tensor(scale_name(name), {3}, few));
  EXPECT_ERROR(ModelFolder::open(another.path()), "the configuration asks for [4]");
}

TEST(QuantizedTest, AnUnknownKindOfWeightsIsAnError) {
  config::Json document = config_document(small_config());
  document["weights"] = "int4";
  EXPECT_ERROR(parse_config(document, "config.json"), "weights");
}

}  // namespace
}  // namespace fastformer::model
