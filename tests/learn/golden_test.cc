// The torch encoder against tensors of the authors' own code: hidden states, logits, loss, every
// gradient and ten losses of Adam.
#include <gtest/gtest.h>

#include <ostream>
#include <set>

#include "gradient_check.h"
#include "learn/tasks/classifier.h"
#include "learn/training/optimizer.h"
#include "model/official_import.h"
#include "model/safetensors.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

struct Precision {
  const char* file;
  at::ScalarType type;
  double tolerance;  // of each tensor's largest magnitude
};

void PrintTo(const Precision& precision, std::ostream* out) { *out << precision.file; }

std::string name_of(const testing::TestParamInfo<Precision>& precision) {
  return precision.param.type == at::kDouble ? "Float64" : "Float32";
}

class GoldenTest : public testing::TestWithParam<Precision> {
 protected:
  GoldenTest()
      : path_(std::string(FASTFORMER_TEST_DATA) + "/golden/" + GetParam().file),
        golden_(path_),
        imported_(model::import_official(path_, "")),
        classifier_(imported_.config, 0, GetParam().type) {
    for (const auto& [ours, theirs] : model::official_names(imported_.config)) {
      classifier_.parameters().set(ours, tensor("weights." + theirs));
    }
    read_documents();
  }

  at::Tensor tensor(const std::string& name) const {
    return at::tensor(golden_.doubles(name), at::kDouble).view(golden_.tensor(name).shape);
  }

  // The rows of input.ids without their padding, and where each stood.
  void read_documents() {
    const std::vector<std::int64_t> ids = golden_.integers("input.ids");
    const std::int64_t length = golden_.tensor("input.ids").shape[1];
    std::vector<std::vector<std::int32_t>> documents;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (i % static_cast<std::size_t>(length) == 0) documents.emplace_back();
      if (ids[i] == 0) continue;
      documents.back().push_back(static_cast<std::int32_t>(ids[i]));
      token_rows_.push_back(static_cast<std::int64_t>(i));
    }
    batch_ = batch_of(documents);
    labels_ = at::tensor(golden_.integers("input.labels"), at::kLong);
  }

  at::Tensor loss(std::vector<at::Tensor>* hidden_states = nullptr) {
    ForwardContext context;
    context.hidden_states = hidden_states;
    logits_ = classifier_.logits(batch_, context);
    return at::cross_entropy_loss(logits_, labels_);
  }

  // A score's bias moves all scores of a softmax alike: its gradient is 0 in exact arithmetic (next
  // to it in the pooling) and is compared on the scale of the weights.
  void expect_close(const at::Tensor& ours, const at::Tensor& theirs, const std::string& name) {
    double scale = theirs.abs().max().item<double>();
    if (name.ends_with("score.bias")) scale = std::max(scale, 1e-2);
    EXPECT_LE(difference(ours.to(at::kDouble), theirs), GetParam().tolerance * scale) << name;
  }

  std::string path_;
  model::SafetensorsFile golden_;
  model::ImportedModel imported_;
  Classifier classifier_;
  data::RaggedBatch batch_;
  std::vector<std::int64_t> token_rows_;
  at::Tensor labels_, logits_;
};

TEST_P(GoldenTest, HiddenStatesLogitsAndLoss) {
  std::vector<at::Tensor> hidden;
  const at::Tensor ours = loss(&hidden);
  ASSERT_EQ(hidden.size(), 2u);
  const at::Tensor rows = at::tensor(token_rows_, at::kLong);
  for (std::size_t layer = 0; layer < hidden.size(); ++layer) {
    const std::string name = "output.hidden." + std::to_string(layer);
    expect_close(hidden[layer], tensor(name).flatten(0, 1).index_select(0, rows), name);
  }
  expect_close(logits_, tensor("output.logits"), "logits");
  expect_close(ours.view({1}), tensor("output.loss"), "loss");
}

TEST_P(GoldenTest, EveryGradient) {
  loss().backward();
  std::set<std::string> compared;
  for (const auto& [ours, theirs] : model::official_names(imported_.config)) {
    expect_close(gradient_of(classifier_.parameters().at(ours), ours), tensor("gradient." + theirs),
                 ours);
    compared.insert("gradient." + theirs);
  }
  for (const std::string& name : golden_.names()) {
    if (!name.starts_with("gradient.")) continue;
    EXPECT_TRUE(compared.count(name)) << name;
  }
}

TEST_P(GoldenTest, TenLossesOfAdam) {
  TrainingOptions options;
  Optimizer optimizer(classifier_.parameters(), options);
  std::vector<double> losses;
  for (int step = 0; step < 10; ++step) {
    classifier_.parameters().clear_gradients();
    const at::Tensor value = loss();
    losses.push_back(value.item<double>());
    value.backward();
    optimizer.step(1e-3);
  }
  expect_close(at::tensor(losses, at::kDouble), tensor("output.adam_losses"), "losses");
}

INSTANTIATE_TEST_SUITE_P(
    Precisions, GoldenTest,
    testing::Values(Precision{"official_small_f64.safetensors", at::kDouble, 1e-9},
                    Precision{"official_small_f32.safetensors", at::kFloat, 1e-4}),
    name_of);

}  // namespace
}  // namespace fastformer::learn
