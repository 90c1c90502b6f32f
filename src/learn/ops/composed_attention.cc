// docs/algebra.md in tensors, and its gradients. In names, d_x is the loss's gradient by x.
#include "learn/ops/composed_attention.h"

#include <cmath>

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Order of the weights among the operation's arguments and gradients.
enum Place {
  kQuery,
  kQueryBias,
  kKey,
  kKeyBias,
  kQueryScore,
  kKeyScore,
  kTransform,
  kTransformBias,
  kOutput,
  kOutputBias,
  kPlaces
};

// Head by head, rows of `weight` [width, width] times vectors [heads, width]: [width].
at::Tensor by_head(const at::Tensor& weight, const at::Tensor& vectors) {
  const std::int64_t heads = vectors.size(0), width = vectors.size(1);
  return weight.view({heads, width / heads, width}).matmul(vectors.unsqueeze(2)).reshape({width});
}

// Its gradients: of the vectors [heads, width] ...
at::Tensor by_head_vectors(const at::Tensor& weight, const at::Tensor& upstream,
                           std::int64_t heads) {
  const std::int64_t width = weight.size(1);
  return upstream.view({heads, 1, width / heads})
      .matmul(weight.view({heads, width / heads, width}))
      .reshape({heads, width});
}

// ... and of the weight [width, width].
at::Tensor by_head_weight(const at::Tensor& vectors, const at::Tensor& upstream) {
  const std::int64_t heads = vectors.size(0), width = vectors.size(1);
  return (upstream.view({heads, width / heads, 1}) * vectors.unsqueeze(1)).reshape({width, width});
}

// Gradient of softmax's argument from its result and that one's gradient, along the last dimension.
at::Tensor softmax_backward(const at::Tensor& weights, const at::Tensor& upstream) {
  return weights * (upstream - (weights * upstream).sum(-1, /*keepdim=*/true));
}

// What does not depend on a document.
struct Composition {
  at::ScalarType products = at::kFloat;  // in which times() multiplies
  at::ScalarType type = at::kFloat;      // of its result
  at::Tensor query_scorer;               // [heads, width]: a_h Wq / sqrt(e)
  at::Tensor spread;                     // Wo Wr
  at::Tensor straight;                   // Wo Wq
  at::Tensor bias;                       // Wo (br + bq) + bo
  double scale = 1;

  Composition(const variable_list& w, at::ScalarType products_in)
      : products(products_in), type(w[kQuery].scalar_type()) {
    const std::int64_t heads = w[kQueryScore].size(0), width = w[kQuery].size(1);
    scale = 1 / std::sqrt(static_cast<double>(width / heads));
    query_scorer = w[kQueryScore].mm(w[kQuery]) * scale;
    spread = w[kOutput].mm(w[kTransform]);
    straight = w[kOutput].mm(w[kQuery]);
    bias = w[kOutput].mv(w[kTransformBias] + w[kQueryBias]) + w[kOutputBias];
  }

  at::Tensor times(const at::Tensor& left, const at::Tensor& right) const {
    return at::mm(left.to(products), right.to(products)).to(type);
  }
};

// What a document's forward pass leaves for its backward pass.
struct Summary {
  at::Tensor query_weights, query_sums;  // alpha [heads, tokens]; sums of tokens [heads, width]
  at::Tensor key_weights, key_sums;      // beta; sums of tokens
  at::Tensor global_query, met;          // [width]: Q, and K / Q

  at::Tensor global_key() const { return global_query * met; }
};

at::Tensor key_scorer(const Composition& fixed, const variable_list& w,
                      const at::Tensor& global_query) {
  return (w[kKeyScore] * global_query).mm(w[kKey]) * fixed.scale;
}

// The document's matrix M.
at::Tensor composed(const Composition& fixed, const variable_list& w,
                    const at::Tensor& global_key) {
  return fixed.straight + fixed.times(fixed.spread * global_key, w[kQuery]);
}

// `tokens` are in the type of products.
Summary attend(const Composition& fixed, const variable_list& w, const at::Tensor& tokens,
               at::Tensor output) {
  Summary document;
  const at::Tensor columns = tokens.t();
  document.query_weights = fixed.times(fixed.query_scorer, columns).softmax(1);
  document.query_sums = fixed.times(document.query_weights, tokens);
  document.global_query = by_head(w[kQuery], document.query_sums) + w[kQueryBias];
  document.key_weights =
      fixed.times(key_scorer(fixed, w, document.global_query), columns).softmax(1);
  document.key_sums = fixed.times(document.key_weights, tokens);
  document.met = by_head(w[kKey], document.key_sums) + w[kKeyBias];
  const at::Tensor global_key = document.global_key();
  const at::Tensor bias = fixed.bias + fixed.spread.mv(global_key * w[kQueryBias]);
  const at::Tensor matrix = composed(fixed, w, global_key).to(fixed.products);
  at::add_out(output, at::mm(tokens, matrix.t()), bias);
  return document;
}

// Gradients, summed over documents.
struct Gradients {
  at::Tensor query_scorer, spread, straight, bias;  // of the composition
  variable_list weights;                            // of the weights, beside those

  Gradients(const Composition& fixed, const variable_list& w)
      : query_scorer(at::zeros_like(fixed.query_scorer)),
        spread(at::zeros_like(fixed.spread)),
        straight(at::zeros_like(fixed.straight)),
        bias(at::zeros_like(fixed.bias)),
        weights(kPlaces) {
    for (Place place : {kQuery, kQueryBias, kKey, kKeyBias, kKeyScore}) {
      weights[place] = at::zeros_like(w[place]);
    }
  }

  // Through the composition to the weights it is made of.
  variable_list finish(const Composition& fixed, const variable_list& w) && {
    weights[kQueryScore] = query_scorer.mm(w[kQuery].t()) * fixed.scale;
    weights[kQuery] += w[kQueryScore].t().mm(query_scorer) * fixed.scale;
    weights[kQuery] += w[kOutput].t().mm(straight);
    weights[kTransform] = w[kOutput].t().mm(spread);
    weights[kOutput] = spread.mm(w[kTransform].t()).addmm_(straight, w[kQuery].t());
    weights[kOutput] += at::outer(bias, w[kTransformBias] + w[kQueryBias]);
    const at::Tensor before_output = w[kOutput].t().mv(bias);
    weights[kQueryBias] += before_output;
    weights[kTransformBias] = before_output;
    weights[kOutputBias] = bias;
    return std::move(weights);
  }
};

// One document's backward pass.
class Backward {
 public:
  Backward(const Composition& fixed, const variable_list& w, const Summary& document,
           Gradients& gradients)
      : fixed_(fixed), w_(w), document_(document), gradients_(gradients) {}

  // `tokens` and `upstream` are in the type of products; `d_bias` is upstream's sum.
  void run(const at::Tensor& tokens, const at::Tensor& upstream, const at::Tensor& d_bias,
           at::Tensor tokens_gradient) {
    const at::Tensor global_key = document_.global_key();
    tokens_gradient.copy_(at::mm(upstream, composed(fixed_, w_, global_key).to(fixed_.products)));
    const at::Tensor d_matrix = fixed_.times(upstream.t(), tokens);
    const at::Tensor d_key = global_key_gradient(d_matrix, d_bias, global_key);
    const at::Tensor d_query = through_keys(tokens, d_key, tokens_gradient);
    through_queries(tokens, d_query, tokens_gradient);
  }

 private:
  // Through M and its bias: the gradient of K.
  at::Tensor global_key_gradient(const at::Tensor& d_matrix, const at::Tensor& d_bias,
                                 const at::Tensor& global_key) {
    const at::Tensor& query = w_[kQuery];
    const at::Tensor& query_bias = w_[kQueryBias];
    const at::Tensor met_matrix = fixed_.times(fixed_.spread.t(), d_matrix);
    const at::Tensor met_bias = fixed_.spread.t().mv(d_bias);
    gradients_.straight += d_matrix;
    gradients_.bias += d_bias;
    gradients_.spread += fixed_.times(d_matrix, query.t() * global_key);
    gradients_.spread += at::outer(d_bias, global_key * query_bias);
    gradients_.weights[kQuery].addcmul_(global_key.unsqueeze(1), met_matrix);
    gradients_.weights[kQueryBias].addcmul_(global_key, met_bias);
    return (met_matrix * query).sum(1) + met_bias * query_bias;
  }

  // Through K = Q o (Wk sums + bk), the sums and beta: the gradient of Q.
  at::Tensor through_keys(const at::Tensor& tokens, const at::Tensor& d_key,
                          at::Tensor& tokens_gradient) {
    const at::Tensor& scores = w_[kKeyScore];
    const at::Tensor& global_query = document_.global_query;
    const at::Tensor d_met = d_key * global_query;
    gradients_.weights[kKey] += by_head_weight(document_.key_sums, d_met);
    gradients_.weights[kKeyBias] += d_met;
    const at::Tensor d_sums = by_head_vectors(w_[kKey], d_met, scores.size(0));
    const at::Tensor scorer = key_scorer(fixed_, w_, global_query);
    const at::Tensor d_scorer =
        through_sums(tokens, document_.key_weights, d_sums, scorer, tokens_gradient) * fixed_.scale;
    gradients_.weights[kKey].addmm_((scores * global_query).t(), d_scorer);
    const at::Tensor d_scored = d_scorer.mm(w_[kKey].t());  // of g_h o Q
    gradients_.weights[kKeyScore].addcmul_(d_scored, global_query);
    return d_key * document_.met + (d_scored * scores).sum(0);
  }

  // Through Q = Wq sums + bq, the sums and alpha.
  void through_queries(const at::Tensor& tokens, const at::Tensor& d_query,
                       at::Tensor& tokens_gradient) {
    gradients_.weights[kQuery] += by_head_weight(document_.query_sums, d_query);
    gradients_.weights[kQueryBias] += d_query;
    const at::Tensor d_sums = by_head_vectors(w_[kQuery], d_query, w_[kQueryScore].size(0));
    gradients_.query_scorer +=
        through_sums(tokens, document_.query_weights, d_sums, fixed_.query_scorer, tokens_gradient);
  }

  // Through sums = weights tokens and weights = softmax(scorer tokens'): the scorer's gradient.
  at::Tensor through_sums(const at::Tensor& tokens, const at::Tensor& weights,
                          const at::Tensor& d_sums, const at::Tensor& scorer,
                          at::Tensor& tokens_gradient) const {
    const at::Tensor d_scores = softmax_backward(weights, fixed_.times(d_sums, tokens.t()));
    // weights' d_sums + d_scores' scorer, as one product.
    const at::Tensor both = at::cat({weights, d_scores}).to(fixed_.products);
    tokens_gradient += at::mm(both.t(), at::cat({d_sums, scorer}).to(fixed_.products));
    return fixed_.times(d_scores, tokens);
  }

  const Composition& fixed_;
  const variable_list& w_;
  const Summary& document_;
  Gradients& gradients_;
};

constexpr std::size_t kSavedPerDocument = 6;

struct ComposedAttention : public torch::autograd::Function<ComposedAttention> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden_in,
                            std::vector<std::int64_t> offsets, const at::Tensor& query,
                            const at::Tensor& query_bias, const at::Tensor& key,
                            const at::Tensor& key_bias, const at::Tensor& query_score,
                            const at::Tensor& key_score, const at::Tensor& transform,
                            const at::Tensor& transform_bias, const at::Tensor& output,
                            const at::Tensor& output_bias, at::ScalarType products) {
    const at::Tensor hidden = hidden_in.contiguous().to(products);
    const variable_list weights = {query,       query_bias, key,       key_bias,
                                   query_score, key_score,  transform, transform_bias,
                                   output,      output_bias};
    const Composition fixed(weights, products);
    at::Tensor result = at::empty_like(hidden_in);
    variable_list saved = {hidden};
    saved.insert(saved.end(), weights.begin(), weights.end());
    for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
      if (offsets[b] == offsets[b + 1]) continue;
      const Summary document = attend(fixed, weights, hidden.slice(0, offsets[b], offsets[b + 1]),
                                      result.slice(0, offsets[b], offsets[b + 1]));
      saved.insert(saved.end(), {document.query_weights, document.query_sums, document.key_weights,
                                 document.key_sums, document.global_query, document.met});
    }
    context->save_for_backward(saved);
    context->saved_data["offsets"] = std::move(offsets);
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list upstream_in) {
    const variable_list saved = context->get_saved_variables();
    const std::vector<std::int64_t> offsets = context->saved_data["offsets"].toIntVector();
    const at::Tensor upstream = upstream_in[0].contiguous();
    const at::Tensor& hidden = saved[0];
    const at::Tensor narrow = upstream.to(hidden.scalar_type());
    const variable_list weights(saved.begin() + 1, saved.begin() + 1 + kPlaces);
    const Composition fixed(weights, hidden.scalar_type());
    Gradients gradients(fixed, weights);
    at::Tensor hidden_gradient = at::empty_like(upstream);
    auto next = saved.begin() + 1 + kPlaces;
    for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
      if (offsets[b] == offsets[b + 1]) continue;
      const Summary document = {next[0], next[1], next[2], next[3], next[4], next[5]};
      next += kSavedPerDocument;
      const auto part = [&](const at::Tensor& whole) {
        return whole.slice(0, offsets[b], offsets[b + 1]);
      };
      Backward(fixed, weights, document, gradients)
          .run(part(hidden), part(narrow), part(upstream).sum(0), part(hidden_gradient));
    }
    variable_list all = {hidden_gradient, at::Tensor()};
    for (at::Tensor& gradient : std::move(gradients).finish(fixed, weights)) {
      all.push_back(std::move(gradient));
    }
    all.emplace_back();
    return all;
  }
};

}  // namespace

at::Tensor composed_attention(const at::Tensor& hidden, const std::vector<std::int64_t>& offsets,
                              const AttentionWeights& w, at::ScalarType products) {
  return ComposedAttention::apply(hidden, offsets, w.query, w.query_bias, w.key, w.key_bias,
                                  w.query_score, w.key_score, w.transform, w.transform_bias,
                                  w.output, w.output_bias,
                                  products == at::kBFloat16 ? products : hidden.scalar_type());
}

}  // namespace fastformer::learn
