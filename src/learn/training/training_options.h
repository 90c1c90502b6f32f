// How a model is trained, whatever its task.
#pragma once

#include <cstdint>
#include <string>

#include "config/options.h"
#include "kernels/switches.h"

namespace fastformer::learn {

enum class OptimizerKind { kAdam, kAdamW };
// In which encoder, pooling and head multiply; everything else, and the weights, are float32.
enum class Precision { kFloat32, kBFloat16 };
enum class Decay {
  kNone,
  kLinear,
  kCosine,
  kInverseRoot,  // the learning rate times the root of (warm-up's steps / steps so far)
};

// What happens to an embedding row while no batch has it.
enum class EmbeddingUpdate {
  kDense,  // momentum goes on moving it: Adam's own numbers
  kLazy,   // it rests
};

struct TrainingOptions {
  int epochs = 3;
  OptimizerKind optimizer = OptimizerKind::kAdam;
  double learning_rate = 1e-3;
  double weight_decay =
      0;  // Adam: added to the gradient; AdamW: decoupled; weights of products only
  double beta1 = 0.9;
  double beta2 = 0.999;
  double adam_epsilon = 1e-8;
  double warmup = 0.1;  // share of all steps over which the learning rate rises from 0
  Decay decay = Decay::kLinear;
  EmbeddingUpdate embedding_update = EmbeddingUpdate::kDense;
  DropoutMask dropout_mask = DropoutMask::kToken;
  double word_dropout = 0;  // share of tokens that become the unknown word
  int subwords = 0;         // rows of a table of character n-grams; 0: none
  double average = 0;       // decay of the running average that is validated and saved; 0: none
  double clip_norm = 1;     // largest norm of all gradients together; 0 leaves them as they are
  int patience = 0;  // epochs without a better validation score before stopping; 0 never stops
  std::int64_t seed = 0;
  Precision precision = Precision::kFloat32;
  int threads = 0;  // 0: all processors
  std::string device = "cpu";

  // Chooses the epochs where they are 0, for so many training rows, tokens and labels (0: none):
  // enough for about 40,000 rows, and with more than four labels for more by the root of their
  // number, but no more than 20 million tokens, from 2 to 8.
  void choose_epochs(std::int64_t rows, std::int64_t tokens, std::int64_t labels);
  void describe(config::OptionSet& options);
};

}  // namespace fastformer::learn
