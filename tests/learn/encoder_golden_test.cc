// Encoders against public implementations: golden tensors that tools/encoder_golden.py has made.
#include <gtest/gtest.h>

#include <ostream>
#include <set>

#include "encoder_layer.h"
#include "model/safetensors.h"

namespace fastformer::learn {
namespace {

struct Golden {
  const char* encoder;
  const char* options;
};

void PrintTo(const Golden& golden, std::ostream* out) { *out << golden.encoder; }

class EncoderGoldenTest : public testing::TestWithParam<Golden> {
 protected:
  EncoderGoldenTest()
      : golden_(std::string(FASTFORMER_TEST_DATA) + "/golden/" + GetParam().encoder +
                ".safetensors"),
        layer_(GetParam().encoder, config::Json::parse(GetParam().options), 8, 2) {
    for (const std::string& name : layer_.names()) {
      layer_.parameters().set(name, tensor("weights." + own_name(name)));
    }
  }

  at::Tensor tensor(const std::string& name) const {
    return at::tensor(golden_.doubles(name), at::kDouble).view(golden_.tensor(name).shape);
  }
  static std::string own_name(const std::string& name) {
    return name.substr(std::string("encoder.layer.0.attention.").size());
  }

  static void expect_close(const at::Tensor& ours, const at::Tensor& theirs,
                           const std::string& name) {
    const double scale = std::max(1e-2, theirs.abs().max().item<double>());
    EXPECT_LT(difference(ours, theirs), 1e-10 * scale) << name;
  }

  model::SafetensorsFile golden_;
  EncoderLayer layer_;
};

TEST_P(EncoderGoldenTest, ResultAndEveryGradient) {
  at::Tensor hidden = tensor("input.hidden").set_requires_grad(true);
  const at::Tensor mixed = layer_.mix(hidden, golden_.integers("input.offsets"));
  expect_close(mixed, tensor("output.mixed"), "mixed");
  (mixed * tensor("input.mixture")).sum().backward();
  expect_close(hidden.grad(), tensor("gradient.hidden"), "hidden");
  std::set<std::string> compared = {"gradient.hidden"};
  for (const std::string& name : layer_.names()) {
    const std::string theirs = "gradient." + own_name(name);
    expect_close(layer_.parameters().at(name).grad(), tensor(theirs), name);
    compared.insert(theirs);
  }
  for (const std::string& name : golden_.names()) {
    EXPECT_TRUE(!name.starts_with("gradient.") || compared.contains(name)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Public, EncoderGoldenTest,
    testing::Values(Golden{"longformer", R"({"longformer_window": 8, "longformer_global": 2})"},
                    Golden{"bigbird", R"({"bigbird_block": 4, "bigbird_random": 2})"},
                    Golden{"linear_transformer", "{}"}),
    [](const auto& golden) { return std::string(golden.param.encoder); });

}  // namespace
}  // namespace fastformer::learn
