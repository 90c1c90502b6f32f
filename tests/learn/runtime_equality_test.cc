// The runtime's logits are the torch classifier's, under every switch.
#include <gtest/gtest.h>

#include "runtime/random_model.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

using runtime::Variant;

class RuntimeEqualityTest : public testing::TestWithParam<Variant> {};

// Lengths 0 .. 600 for the published layer, every seventh else.
std::vector<int> lengths_for(const Variant& variant) {
  std::vector<int> lengths;
  const int step = std::string(variant.name) == "Published" ? 1 : 7;
  for (int length = 0; length <= 600; length += step) lengths.push_back(length);
  return lengths;
}

TEST_P(RuntimeEqualityTest, Logits) {
  model::ModelConfig config = runtime::small_config();
  GetParam().change(config);
  runtime::RandomModel random(config);
  Classifier classifier(config, 1);
  for (const model::TensorSpec& spec : model::tensors_of(config)) {
    classifier.parameters().set(spec.name, at::tensor(random.tensor(spec.name)).view(spec.shape));
  }
  const std::vector<runtime::Ids> documents = runtime::random_documents(lengths_for(GetParam()), 3);
  const std::vector<float> expected = classify(classifier, documents, {});
  ThreadPool pool(1);
  for (const kernels::InstructionSet set : kernels::available_instruction_sets()) {
    const std::vector<float> logits = runtime::logits_of(random.classifier(set), documents, pool);
    ASSERT_EQ(logits.size(), expected.size());
    for (std::size_t i = 0; i < logits.size(); ++i) {
      ASSERT_NEAR(logits[i], expected[i], 1e-4)
          << kernels::name_of(set) << ", " << documents[i / config.labels.size()].size()
          << " tokens";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Switches, RuntimeEqualityTest, testing::ValuesIn(runtime::kVariants),
                         [](const auto& variant) { return variant.param.name; });

}  // namespace
}  // namespace fastformer::learn
