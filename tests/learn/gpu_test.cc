// The operations on a GPU against the same on the processor in float64, forward and backward, and
// whole models against themselves. Without a GPU there is nothing to see, but in the program whose
// kernels run on the processor (gpu_on_processor): there it is the device for float32 and bfloat16.
#include <fastformer/error.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "learn/device.h"
#include "learn/gpu/operations.h"
#include "learn/ops/composed_map.h"
#include "learn/ops/document_scale.h"
#include "learn/ops/feed_forward.h"
#include "learn/ops/max_pooling.h"
#include "learn/ops/pooling.h"
#include "learn/ops/token_sums.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

std::optional<at::Device> gpu() {
  if constexpr (!gpu::kIsBuilt) return std::nullopt;
  if (gpu::reach(at::kCPU)) return at::kCPU;
  try {
    return device_named("cuda");
  } catch (const Error&) {
    return std::nullopt;
  }
}

at::Tensor random_tensor(const std::vector<std::int64_t>& shape, std::uint64_t seed) {
  at::Tensor tensor = at::empty(shape, at::kDouble);
  Random random(seed);
  double* values = tensor.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = random.normal();
  return tensor;
}

// An operation's inputs: rows of tokens, which may be narrow, and others, which are not.
struct Input {
  std::vector<std::int64_t> shape;
  bool is_rows;
};
using Tensors = std::vector<at::Tensor>;
using Operation = std::function<at::Tensor(const Tensors&, const Ragged&)>;

// The result and then the gradient of each input.
Tensors run(const Operation& operation, const std::vector<Input>& inputs,
            const std::vector<std::int64_t>& offsets, at::Device device, at::ScalarType rows,
            at::ScalarType others) {
  const Ragged ragged = Ragged::from_offsets(offsets, device);
  Tensors leaves;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const at::Tensor values = random_tensor(inputs[i].shape, 10 + i) / 2;
    // Both devices begin from what a narrow number holds.
    leaves.push_back(values.to(at::kBFloat16)
                         .to(device, inputs[i].is_rows ? rows : others)
                         .set_requires_grad(true));
  }
  const at::Tensor result = operation(leaves, ragged);
  const at::Tensor upstream = random_tensor(result.sizes().vec(), 5).to(at::kBFloat16);
  result.backward(upstream.to(device, result.scalar_type()));
  Tensors found = {result.detach()};
  for (const at::Tensor& leaf : leaves) found.push_back(leaf.grad());
  return found;
}

double relative_difference(const at::Tensor& found, const at::Tensor& expected) {
  const at::Tensor on_processor = found.to(at::kCPU, at::kDouble);
  return ((on_processor - expected).norm() / expected.norm().clamp_min(1e-30)).item<double>();
}

class GpuTest : public testing::TestWithParam<std::pair<std::int64_t, std::int64_t>> {
 protected:
  void SetUp() override {
    device_ = gpu();
    if (!device_) GTEST_SKIP() << "no GPU";
  }

  std::int64_t width() const { return GetParam().first; }
  std::int64_t heads() const { return GetParam().second; }

  void check(const Operation& operation, const std::vector<Input>& inputs,
             const std::vector<std::int64_t>& offsets) const {
    const Tensors expected = run(operation, inputs, offsets, at::kCPU, at::kDouble, at::kDouble);
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      const Tensors found = run(operation, inputs, offsets, *device_, type, at::kFloat);
      const double tolerance = type == at::kFloat ? 2e-5 : 2e-2;
      for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_LT(relative_difference(found[i], expected[i]), tolerance)
            << at::toString(type) << ", number " << i;
      }
    }
  }
  void check(const Operation& operation, const std::vector<Input>& inputs) const {
    for (const auto& offsets : layouts_) check(operation, inputs, offsets);
  }

  // With an empty document, ones that end within and at a chunk's end, and equal ones.
  const std::vector<std::vector<std::int64_t>> layouts_ = {{0, 3, 3, 300, 556, 1330},
                                                           {0, 266, 532, 798, 1064, 1330}};
  static constexpr std::int64_t kTokens = 1330, kDocuments = 5;
  std::optional<at::Device> device_;
};

TEST_P(GpuTest, TokenSums) {
  const Operation sums = [](const Tensors& in, const Ragged& ragged) {
    const SummedTokens found = token_sums(in[0], in[1] * 0.2, ragged);
    const at::Tensor one_more = found.x.mean().to(found.sums.scalar_type());
    return found.sums * (1 + one_more);
  };
  check(sums, {{{kTokens, width()}, true}, {{heads(), width()}, false}});
  check(sums, {{{kTokens, width()}, true}, {{kDocuments, heads(), width()}, false}});
}

TEST_P(GpuTest, AdditivePooling) {
  for (const double epsilon : {0.0, 0.5}) {
    check([epsilon](const Tensors& in,
                    const Ragged& ragged) { return additive_pool(in[0], in[1], ragged, epsilon); },
          {{{kTokens, heads()}, true}, {{kTokens, width()}, true}});
  }
}

TEST_P(GpuTest, MaxPooling) {
  check([](const Tensors& in, const Ragged& ragged) { return max_pool(in[0], ragged); },
        {{{kTokens, width()}, true}});
}

TEST_P(GpuTest, RowsMeetTheirDocuments) {
  check(
      [](const Tensors& in, const Ragged& ragged) { return document_scale(in[0], in[1], ragged); },
      {{{kTokens, width()}, true}, {{kDocuments, width()}, true}});
  check([](const Tensors& in, const Ragged& ragged) { return spread(in[0], ragged); },
        {{{kDocuments, width()}, true}});
}

TEST_P(GpuTest, ResidualNorm) {
  for (const double rate : {0.0, 0.2}) {
    for (const DropoutMask mask : {DropoutMask::kToken, DropoutMask::kDocument}) {
      check(
          [&](const Tensors& in, const Ragged& ragged) {
            return residual_norm(in[0], in[1], ragged, {rate, 7, mask}, {in[2], in[3], 1e-5});
          },
          {{{kTokens, width()}, true},
           {{kTokens, width()}, true},
           {{width()}, false},
           {{width()}, false}});
    }
  }
  check(
      [](const Tensors& in, const Ragged&) {
        return layer_norm(in[0], {in[1], in[2], 1e-5});
      },
      {{{kTokens, width()}, true}, {{width()}, false}, {{width()}, false}});
}

TEST_P(GpuTest, ResidualNormAddsTheBiasOfTheChange) {
  for (const double rate : {0.0, 0.2}) {
    for (const std::vector<std::int64_t>& bias : {std::vector{width()}, {kDocuments, width()}}) {
      check(
          [&](const Tensors& in, const Ragged& ragged) {
            return residual_norm(in[0], {in[1], in[4]}, ragged, {rate, 7, DropoutMask::kToken},
                                 {in[2], in[3], 1e-5});
          },
          {{{kTokens, width()}, true},
           {{kTokens, width()}, true},
           {{width()}, false},
           {{width()}, false},
           {bias, false}});
    }
  }
}

TEST_P(GpuTest, FeedForward) {
  for (const std::int64_t units : {width(), std::int64_t{8}, std::int64_t{328}}) {
    const double scale = 1 / std::sqrt(static_cast<double>(width()));
    const bool leaves_bias = units != 8;
    check(
        [scale, leaves_bias](const Tensors& in, const Ragged& ragged) {
          return whole(feed_forward(in[0], {in[1] * scale, in[2], in[3] * scale, in[4]},
                                    in[0].scalar_type(), leaves_bias),
                       ragged);
        },
        {{{kTokens, width()}, true},
         {{units, width()}, false},
         {{units}, false},
         {{width(), units}, false},
         {{width()}, false}});
  }
}

TEST_P(GpuTest, DropoutLeavesOutWhatTheProcessorDoes) {
  for (const DropoutMask mask : {DropoutMask::kToken, DropoutMask::kDocument}) {
    check(
        [&](const Tensors& in, const Ragged& ragged) {
          return dropped(in[0], ragged, {0.25, 3, mask});
        },
        {{{kTokens, width()}, true}});
  }
}

TEST_P(GpuTest, ComposedMap) {
  const std::int64_t d = width();
  for (const at::ScalarType products : {at::kFloat, at::kBFloat16}) {
    const Operation map = [products](const Tensors& in, const Ragged& ragged) {
      const bool is_wide = in[0].scalar_type() != at::kBFloat16;
      return whole(composed_map(in[0], in[1], {in[2] * 0.2, in[3] * 0.2, in[4] * 0.2}, in[5],
                                ragged, is_wide ? at::kFloat : products),
                   ragged);
    };
    check(map, {{{kTokens, d}, true},
                {{kDocuments, d}, false},
                {{d, d}, false},
                {{d, d}, false},
                {{d, d}, false},
                {{kDocuments, d}, false}});
  }
}

// libtorch multiplies fewer than 1,024 documents at once.
TEST(GpuModelTest, MapsManyDocuments) {
  const std::optional<at::Device> device = gpu();
  if (!device) GTEST_SKIP() << "no GPU";
  constexpr std::int64_t kMany = 1100, kWidth = 64;
  std::vector<std::int64_t> offsets = {0};
  for (std::int64_t b = 0; b < kMany; ++b) offsets.push_back(offsets.back() + 2 + b % 3);
  const Operation map = [](const Tensors& in, const Ragged& ragged) {
    const bool is_narrow = in[0].scalar_type() == at::kBFloat16;
    return whole(composed_map(in[0], in[1], {in[2], in[3], in[4]}, in[5], ragged,
                              is_narrow ? at::kBFloat16 : at::kFloat),
                 ragged);
  };
  const std::vector<Input> inputs = {{{offsets.back(), kWidth}, true}, {{kMany, kWidth}, false},
                                     {{kWidth, kWidth}, false},        {{kWidth, kWidth}, false},
                                     {{kWidth, kWidth}, false},        {{kMany, kWidth}, false}};
  const Tensors expected = run(map, inputs, offsets, at::kCPU, at::kDouble, at::kDouble);
  const Tensors found = run(map, inputs, offsets, *device, at::kBFloat16, at::kFloat);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_LT(relative_difference(found[i], expected[i]), 2e-2) << "number " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, GpuTest,
                         testing::Values(std::pair(64, 4), std::pair(256, 16), std::pair(320, 20),
                                         std::pair(512, 8), std::pair(1024, 16)));

struct Learned {
  at::Tensor logits;
  Tensors gradients;
};

model::ModelConfig gpu_config() {
  model::ModelConfig config = small_config();
  config.encoder.width = 64;
  config.encoder.heads = 4;
  config.encoder.feed_forward = 96;
  config.encoder.dropout = 0.2;
  config.encoder.positions = Positions::kLearned;
  config.encoder.norm = NormPlacement::kPost;
  config.text.max_length = 512;
  return config;
}

// With dropout, whose masks are the same everywhere.
Learned learn_once(const model::ModelConfig& config, const std::vector<int>& lengths,
                   at::Device device, at::ScalarType numbers, at::ScalarType products) {
  Classifier classifier(config, 1, numbers, device);
  classifier.parameters().set_products(products);
  ForwardContext context;
  context.training = true;
  context.seed = 4;
  Learned learned;
  learned.logits = classifier.logits(batch_of(random_documents(lengths)), context);
  learned.logits.square().sum().backward();
  for (const at::Tensor& tensor : classifier.parameters().tensors()) {
    const at::Tensor gradient = tensor.grad().defined() ? tensor.grad() : at::zeros_like(tensor);
    learned.gradients.push_back(gradient.to_dense().to(at::kCPU));
  }
  learned.logits = learned.logits.detach().to(at::kCPU);
  return learned;
}

void expect_learned_alike(const model::ModelConfig& config, const std::vector<int>& lengths) {
  const Learned expected = learn_once(config, lengths, at::kCPU, at::kDouble, at::kDouble);
  for (const at::ScalarType products : {at::kFloat, at::kBFloat16}) {
    const Learned found = learn_once(config, lengths, *gpu(), at::kFloat, products);
    const double tolerance = products == at::kFloat ? 1e-3 : 0.1;
    EXPECT_LT(relative_difference(found.logits, expected.logits.to(at::kDouble)), tolerance);
    double squares = 0, all = 0;
    for (std::size_t i = 0; i < found.gradients.size(); ++i) {
      squares += (found.gradients[i] - expected.gradients[i]).square().sum().item<double>();
      all += expected.gradients[i].square().sum().item<double>();
    }
    EXPECT_LT(std::sqrt(squares / all), tolerance) << at::toString(products);
  }
}

TEST(GpuModelTest, LearnsWhatTheProcessorLearns) {
  if (!gpu()) GTEST_SKIP() << "no GPU";
  // 16 heads of 4 numbers are pooled by ATen.
  const std::vector<std::pair<std::vector<int>, int>> cases = {
      {{5, 40, 1}, 4}, {{300, 100, 0, 20}, 4}, {{200, 200, 200}, 4}, {{300, 100, 20}, 16}};
  for (const auto& [lengths, heads] : cases) {
    model::ModelConfig config = gpu_config();
    config.encoder.heads = heads;
    expect_learned_alike(config, lengths);
  }
}

TEST(GpuModelTest, SwitchesOfTheBlockLearnWhatTheyLearnOnTheProcessor) {
  if (!gpu()) GTEST_SKIP() << "no GPU";
  using Change = std::function<void(model::ModelConfig&)>;
  const std::vector<std::pair<const char*, Change>> cases = {
      {"no global key", [](auto& config) { config.fastformer.global_key = false; }},
      {"local convolution", [](auto& config) { config.encoder.local = Local::kConvolution; }},
      {"local gated", [](auto& config) { config.encoder.local = Local::kGated; }},
      {"norm before", [](auto& config) { config.encoder.norm = NormPlacement::kPre; }},
      {"no norm", [](auto& config) { config.encoder.norm = NormPlacement::kNone; }},
      {"no residual", [](auto& config) { config.encoder.residual = false; }},
      {"both poolings", [](auto& config) { config.encoder.pooling = Pooling::kBoth; }}};
  for (const auto& [name, change] : cases) {
    SCOPED_TRACE(name);
    model::ModelConfig config = gpu_config();
    change(config);
    expect_learned_alike(config, {300, 100, 20});
  }
}

TEST(GpuModelTest, EncodersLearnWhatTheyLearnOnTheProcessor) {
  if (!gpu()) GTEST_SKIP() << "no GPU";
  // Short enough that documents are longer than what a token sees.
  const std::map<std::string, config::Json> options = {
      {"longformer", {{"longformer_window", 32}}},
      {"bigbird", {{"bigbird_block", 16}, {"bigbird_random", 2}}},
      {"poolingformer", {{"poolingformer_window", 16}, {"poolingformer_pooled_window", 64}}}};
  for (const std::string& encoder : model::encoder_names()) {
    SCOPED_TRACE(encoder);
    model::ModelConfig config = gpu_config();
    config.encoder.encoder = encoder;
    config::OptionSet set;
    config.choices().describe(set);
    if (const auto own = options.find(encoder); own != options.end()) {
      set.apply_json(own->second, config::Source::kFlag, "options");
    }
    expect_learned_alike(config, {300, 100, 20, 300, 1});
  }
}

}  // namespace
}  // namespace fastformer::learn
