// The memory of training on a document grows with its length and no faster: no encoder keeps or
// makes a matrix of all pairs of tokens.
#include <gtest/gtest.h>

#include "encoder_layer.h"
#include "learn/memory_trial.h"

namespace fastformer::learn {
namespace {

// Most bytes in use while a document's gradients are found.
std::int64_t most_memory(const EncoderLayer& layer, std::int64_t length) {
  const AllocationCount count;
  {
    at::Tensor hidden = random_tensor({length, 16}, 1).to(at::kFloat).set_requires_grad(true);
    layer.mix(hidden).sum().backward();
  }
  for (const std::string& name : layer.names()) layer.parameters().at(name).mutable_grad().reset();
  return count.most();
}

// A quarter of the matrix of a document's pairs.
double quarter_of_pairs(std::int64_t length) {
  return 4.0 * static_cast<double>(length) * static_cast<double>(length) / 4;
}

void expect_linear(const std::string& encoder, const char* options, std::int64_t length) {
  at::set_num_threads(1);
  const EncoderLayer layer(encoder, config::Json::parse(options), 16, 2, at::kFloat,
                           static_cast<int>(length));
  const auto few = static_cast<double>(most_memory(layer, length / 4));
  const auto many = static_cast<double>(most_memory(layer, length));
  EXPECT_LT(many / few, 4.6) << encoder << " " << options;
  EXPECT_LT(many, quarter_of_pairs(length)) << encoder << " " << options;
  const double of_a_token = many / static_cast<double>(length);
  testing::Test::RecordProperty(encoder, std::to_string(static_cast<std::int64_t>(of_a_token)));
}

TEST(EncoderMemoryTest, GrowsWithTheLengthOfADocument) {
  install_encoders();
  for (const std::string& encoder : model::encoder_names()) expect_linear(encoder, "{}", 16384);
}

// Patterns that are narrow beside shorter documents.
TEST(EncoderMemoryTest, GrowsWithNarrowPatternsToo) {
  install_encoders();
  const std::pair<const char*, const char*> encoders[] = {
      {"fastformer", "{}"},
      {"transformer", "{}"},
      {"longformer", R"({"longformer_window": 64})"},
      {"bigbird", R"({"bigbird_block": 16})"},
      {"linformer", R"({"linformer_rank": 32})"},
      {"linear_transformer", "{}"},
      {"poolingformer", R"({"poolingformer_window": 32, "poolingformer_pooled_window": 128})"}};
  for (const auto& [encoder, options] : encoders) expect_linear(encoder, options, 8192);
}

// The trial sees few tokens and says what many take.
TEST(MemoryTrialTest, FewTokensTellOfMany) {
  install_encoders();
  for (const std::string& encoder : model::encoder_names()) {
    model::ModelConfig config = small_config();
    config.encoder.encoder = encoder;
    config.text.max_length = 4096;
    const std::int64_t told = trained_bytes_per_token(config, 1 << 20);
    Classifier classifier(config, 1);
    const auto most = [&](std::int64_t length) {
      const AllocationCount count;
      data::RaggedBatch batch;
      batch.ids.assign(static_cast<std::size_t>(length), 1);
      batch.offsets = {0, length};
      ForwardContext context;
      context.training = true;
      classifier.logits(batch, context).sum().backward();
      classifier.parameters().clear_gradients();
      return count.most();
    };
    most(1);
    const std::int64_t taken = (most(4096) - most(1024)) / 3072;
    EXPECT_GT(told, taken / 2) << encoder;
    EXPECT_LT(told, taken * 2) << encoder;
  }
}

}  // namespace
}  // namespace fastformer::learn
