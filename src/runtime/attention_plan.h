// Additive attention as a document's run needs it: every switch in one form.
#pragma once

#include <string>

#include "model/model_config.h"
#include "runtime/multiplier.h"
#include "runtime/tensor_source.h"

namespace fastformer::runtime {

// Between the two softmaxes the layer is affine in a token x (docs/algebra.md), so that it is
//   alpha scores A x + a, global query Q[h] = Wq[h] mean_h + bq[h],
//   beta scores  B x + E Q + e, global key K from the mean under beta, output M x + D K + c,
// with the means of x under alpha and beta. All but B, K and M are the same for every switch and
// document. With the product interaction
//   B = (G o Q) Wk, K[h] = Q[h] o (Wk[h] mean_h + bk[h]), M = C1 diag(K) Wv + C2;
// with sum or concatenation B and M are constant and K[h] = P[h] mean_h + p[h] + (W Q)[h]. Without
// a global key there are no beta scores, K is Q, and Wv is Wk.
struct AttentionPlan {
  // Composes the layer's weights and brings them to the number formats.
  AttentionPlan(const kernels::Stages& stages, const Multipliers& multipliers,
                const model::ModelConfig& config, const TensorSource& source,
                const std::string& prefix);

  bool values_are_queries() const { return options.share_query_value && options.global_key; }

  model::FastformerOptions options;
  PackedMatrix query_scores;  // A [heads, width]
  Floats query_score_bias;    // a
  Affine query;               // Wq, bq
  Affine key_score_offset;    // E, e
  Affine key;                 // Wk, bk; P, p
  Affine output_offset;       // D, c

  // Product interaction.
  Matrix key_transposed;      // Wk'
  Multiplier::Room key_rows;  // the same in the maps' number format
  Operand key_operand;
  PackedMatrix key_directions;    // G' in the panels of a matrix [heads, width]
  Matrix value_transposed;        // Wv', or Wk'
  PackedMatrix value;             // the same as it is
  PackedMatrix output_transform;  // C1 = Wo Wr
  PackedMatrix output_query;      // C2 = Wo Wq
  // Where the values are the queries: M of queries, C1 diag(K) + Wo, and its bias Wo br + bo.
  PackedMatrix query_output;  // Wo, as it is
  Floats query_output_bias;

  // Sum and concatenation.
  PackedMatrix key_scores;  // B
  PackedMatrix output;      // M
  Matrix key_of_query;      // W, concatenation only

 private:
  void convert(const Multipliers& multipliers);
};

}  // namespace fastformer::runtime
