// What the reference computes with: the switches of a Fastformer and pointers to its weights.
#pragma once

#include <cstdint>
#include <vector>

#include "base/matrix_view.h"
#include "kernels/switches.h"

namespace fastformer::kernels::reference {

// The choices of additive attention. Defaults are those of the authors' code.
struct AttentionSwitches {
  std::int64_t heads = 1;  // divides the width
  Interaction interaction = Interaction::kProduct;
  HeadScores head_scores = HeadScores::kWhole;
  bool share_query_value = true;
  bool share_heads = false;
  bool global_key = true;  // else a key that met the global query is the value that did
};

// Sizes and switches of a whole classifier. In shapes below d = width, H = heads, e = d / H,
// f = feed_forward, C = labels, V = vocabulary, N = tokens of the one document at hand.
struct Architecture {
  std::int64_t vocabulary = 0;
  std::int64_t max_length = 0;  // rows of learned positions
  std::int64_t width = 0;
  std::int64_t layers = 0;
  std::int64_t feed_forward = 0;  // 0: no feed-forward part
  std::int64_t labels = 0;
  Positions positions = Positions::kLearned;
  NormPlacement norm = NormPlacement::kPost;
  double norm_epsilon = 1e-12;
  bool residual = true;
  bool share_layers = false;
  Local local = Local::kNone;
  std::int64_t local_width = 3;  // odd
  Pooling pooling = Pooling::kAttention;
  AttentionSwitches attention;

  // Elements of a document's vector.
  std::int64_t pooled_width() const { return pooling == Pooling::kBoth ? 2 * width : width; }
};

// y = W x + b. Absent where the architecture has no such part.
template <typename T>
struct Linear {
  MatrixView<const T> weight;  // [outputs, inputs]
  const T* bias = nullptr;     // [outputs]
};

// Scale and shift of a layer normalisation, [d] each; absent where there is none.
template <typename T>
struct Norm {
  const T* weight = nullptr;
  const T* bias = nullptr;
};

template <typename T>
struct AttentionWeights {
  Linear<T> query;              // Wq [d, d]; [e, d] with shared heads; so are key and value
  Linear<T> key;                // Wk
  Linear<T> value;              // Wv; absent where the value is the query, or no global key is
  Linear<T> query_score;        // row h is a_h: [H, d], or [H, e] on the head's slice
  Linear<T> key_score;          // row h is g_h, likewise; absent without a global key
  Linear<T> key_interaction;    // [d, 2d] with concatenation, else absent
  Linear<T> value_interaction;  // [d, 2d] with concatenation and a global key, else absent
  Linear<T> transform;          // Wr [d, d]
  Linear<T> output;             // Wo [d, d]
};

// Row k of the taps meets the token k - K / 2 places on. Absent where there is none.
template <typename T>
struct Convolution {
  MatrixView<const T> taps;  // [K, d]
  const T* bias = nullptr;   // [d]
};

template <typename T>
struct LocalWeights {
  Convolution<T> convolution;
  Convolution<T> gate;  // where gated
};

template <typename T>
struct LayerWeights {
  AttentionWeights<T> attention;
  LocalWeights<T> local;
  Norm<T> attention_norm;
  Linear<T> inner;  // W1 [f, d]
  Linear<T> outer;  // W2 [d, f]
  Norm<T> feed_forward_norm;
};

template <typename T>
struct EmbeddingWeights {
  MatrixView<const T> word;      // [V, d]
  MatrixView<const T> position;  // [max_length, d], learned positions only
  Norm<T> norm;
};

template <typename T>
struct PoolingWeights {  // absent with max pooling alone
  Linear<T> hidden;      // [d, d]
  Linear<T> score;       // [1, d]
};

template <typename T>
struct ClassifierWeights {
  EmbeddingWeights<T> embedding;
  std::vector<LayerWeights<T>> layers;  // as many as the architecture has, also when shared
  Norm<T> norm;                         // after the last block, pre-norm only
  PoolingWeights<T> pooling;
  Linear<T> classifier;  // [C, d], or [C, 2d] on both poolings
};

}  // namespace fastformer::kernels::reference
