// Field list of TrainingOptions.
#include "learn/training/training_options.h"

#include <algorithm>
#include <cmath>

namespace fastformer::learn {

void TrainingOptions::choose_epochs(std::int64_t rows, std::int64_t tokens, std::int64_t labels) {
  constexpr double kRows = 40'000, kTokens = 20'000'000, kUsualLabels = 4;
  if (epochs > 0) return;
  const double more = std::sqrt(std::max(1.0, static_cast<double>(labels) / kUsualLabels));
  const double by_rows = more * kRows / static_cast<double>(std::max<std::int64_t>(rows, 1));
  const double by_tokens = kTokens / static_cast<double>(std::max<std::int64_t>(tokens, 1));
  epochs =
      static_cast<int>(std::clamp(std::min(std::ceil(by_rows), std::round(by_tokens)), 2.0, 8.0));
}

void TrainingOptions::describe(config::OptionSet& options) {
  options.group("Training")
      .add("epochs", &epochs, {0, 100000}, "passes over the training rows; 0: by their number")
      .add("optimizer", &optimizer,
           {{"adam", OptimizerKind::kAdam}, {"adamw", OptimizerKind::kAdamW}}, "update rule")
      .add("learning-rate", &learning_rate, {0, 10}, "largest step size")
      .add("weight-decay", &weight_decay, {0, 10}, "pull of product weights towards zero")
      .add("beta1", &beta1, {0, 0.999999}, "Adam's decay of the gradient's mean")
      .add("beta2", &beta2, {0, 0.999999}, "Adam's decay of the gradient's square")
      .add("adam-epsilon", &adam_epsilon, {0, 1}, "Adam's guard against division by zero")
      .add("embedding-update", &embedding_update,
           {{"dense", EmbeddingUpdate::kDense}, {"lazy", EmbeddingUpdate::kLazy}},
           "whether momentum goes on moving a word's row while no batch has the word")
      .add("average", &average, {0, 0.999999},
           "decay of the running average of the weights that is kept as the model; 0: the last")
      .add("dropout-mask", &dropout_mask,
           {{"token", DropoutMask::kToken}, {"document", DropoutMask::kDocument}},
           "drop other units for each token, or the same for a document's tokens")
      .add("word-dropout", &word_dropout, {0, 0.99}, "share of tokens made unknown words")
      .add("subwords", &subwords, {0, 16777216},
           "rows of a table by which words share their character 3-5-grams; 0: none")
      .add("warmup", &warmup, {0, 1}, "share of the steps in which the learning rate rises")
      .add(
          "decay", &decay,
          {{"none", Decay::kNone},
           {"linear", Decay::kLinear},
           {"cosine", Decay::kCosine},
           {"inverse-root", Decay::kInverseRoot}},
          "fall of the learning rate after the warm-up: linear and cosine reach zero, inverse-root "
          "goes with one over the root of the steps")
      .add("clip-norm", &clip_norm, {0, 1e9}, "largest norm of all gradients; 0: no limit")
      .add("precision", &precision,
           {{"float32", Precision::kFloat32}, {"bfloat16", Precision::kBFloat16}},
           "of products in training; sums and weights stay float32")
      .add("patience", &patience, {0, 100000},
           "epochs without a better validation score before stopping; 0: never")
      .add("seed", &seed, {0, 9007199254740992}, "of initial weights, split, order and dropout")
      .add("threads", &threads, {0, 4096}, "processor threads; 0: all")
      .add("device", &device, "NAME", "cpu, cuda or cuda:N");
}

}  // namespace fastformer::learn
