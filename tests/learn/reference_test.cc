// The torch classifier against the scalar reference, where no golden tensors of the authors' are.
#include <gtest/gtest.h>

#include "kernels/reference/classifier.h"
#include "kernels/reference/named_weights.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

namespace reference = kernels::reference;

reference::Architecture architecture_of(const model::ModelConfig& config) {
  reference::Architecture a;
  a.vocabulary = config.vocabulary;
  a.max_length = config.text.max_length;
  a.width = config.encoder.width;
  a.layers = config.encoder.layers;
  a.feed_forward = config.encoder.feed_forward;
  a.labels = static_cast<std::int64_t>(config.labels.size());
  a.norm = config.encoder.norm;
  a.norm_epsilon = config.encoder.norm_epsilon;
  a.pooling = config.encoder.pooling;
  a.local = config.encoder.local;
  a.local_width = config.encoder.local_width;
  a.attention.heads = config.encoder.heads;
  return a;
}

void expect_the_reference(const model::ModelConfig& config) {
  Classifier classifier(config, 5, at::kDouble);
  spread_parameters(classifier);
  const reference::Architecture architecture = architecture_of(config);
  const auto weights = reference::classifier_weights<double>(
      architecture, [&](const std::string& name) -> const double* {
        const Parameters& all = classifier.parameters();
        return all.contains(name) ? all.at(name).const_data_ptr<double>() : nullptr;
      });
  const auto documents = random_documents({7, 0, 64, 1, 2, 33});
  const at::Tensor found = classifier.logits(batch_of(documents), {});
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const std::vector<double> expected =
        reference::logits(weights, architecture, std::span<const std::int32_t>(documents[i]));
    const at::Tensor row = found[static_cast<std::int64_t>(i)];
    EXPECT_LT(difference(row, at::tensor(expected, at::kDouble)), 1e-11) << "document " << i;
  }
}

TEST(ReferenceTest, LocalBranchesAgree) {
  for (Local local : {Local::kNone, Local::kConvolution, Local::kGated}) {
    for (NormPlacement norm : {NormPlacement::kPost, NormPlacement::kPre}) {
      for (int width : {1, 3, 7, 41}) {
        model::ModelConfig config = small_config();
        config.encoder.local = local;
        config.encoder.local_width = width;
        config.encoder.norm = norm;
        expect_the_reference(config);
      }
    }
  }
}

TEST(ReferenceTest, PoolingsAgree) {
  for (Pooling pooling : {Pooling::kAttention, Pooling::kMax, Pooling::kBoth}) {
    model::ModelConfig config = small_config();
    config.encoder.pooling = pooling;
    expect_the_reference(config);
  }
}

}  // namespace
}  // namespace fastformer::learn
