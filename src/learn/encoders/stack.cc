// Embedding, post- or pre-norm blocks and pooling.
#include "learn/encoders/stack.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "kernels/additive_pooling.h"
#include "learn/gpu/operations.h"
#include "learn/ops/embedding.h"
#include "learn/ops/feed_forward.h"
#include "learn/ops/local_convolution.h"
#include "learn/ops/max_pooling.h"
#include "learn/ops/pooling.h"
#include "learn/ops/tanh.h"
#include "text/vocabulary.h"

namespace fastformer::learn {
namespace {

using kernels::kPoolingEpsilon;

// Dropout's places in a forward pass; each has a mask of its own.
constexpr std::uint64_t kEmbeddingSite = 0;
std::uint64_t attention_site(int layer) { return 1 + 2 * static_cast<std::uint64_t>(layer); }
std::uint64_t feed_forward_site(int layer) { return 2 + 2 * static_cast<std::uint64_t>(layer); }
constexpr std::uint64_t kWordSite = ~std::uint64_t{0};

Dropout dropout_at(std::uint64_t site, double rate, const ForwardContext& context) {
  if (!context.training) return {};
  return {rate, hash_of({context.seed, site}), context.dropout_mask};
}

// The type of hidden states: on a GPU they are most of what is moved, and where kernels do all that
// happens to them, summing in float32, they are as narrow as the products.
at::ScalarType hidden_type(const at::Tensor& words, const model::ModelConfig& config,
                           at::ScalarType products) {
  if constexpr (gpu::kIsBuilt) {
    if (products == at::kBFloat16 && config.encoder.encoder == model::kFastformer &&
        config.encoder.local == Local::kNone &&
        gpu::has_pooling_kernels(words, config.encoder.heads)) {
      return at::kBFloat16;
    }
  }
  return words.scalar_type();
}

// Rows of a table in `type`. A gradient of the whole table costs a sweep over it anyway: then it is
// the table that is converted, and not what may be more rows.
at::Tensor rows_of(const at::Tensor& table, const at::Tensor& ids, TableGradient gradient,
                   at::ScalarType type) {
  if (gradient == TableGradient::kAll) return lookup(table.to(type), ids, gradient);
  return lookup(table, ids, gradient).to(type);
}

// A word left out is an unknown one: what use sees of words that training did not.
at::Tensor words_of(const at::Tensor& ids, const ForwardContext& context) {
  if (!context.training) return ids;
  return drop_words(ids, context.word_dropout, text::Vocabulary::kUnknown,
                    hash_of({context.seed, kWordSite}));
}

std::int64_t longest_of(const Ragged& ragged) {
  const std::vector<std::int64_t> lengths = ragged.lengths();
  return lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
}

}  // namespace

EncoderStack::EncoderStack(const model::ModelConfig& config)
    : config_(config), encoder_(make_encoder(config)) {}

at::Tensor EncoderStack::encode(const Parameters& parameters, const at::Tensor& ids,
                                const Ragged& ragged, const ForwardContext& context) const {
  at::Tensor hidden = embed(parameters, words_of(ids, context), ragged, context.subwords);
  hidden = dropped(hidden, ragged, dropout_at(kEmbeddingSite, config_.encoder.dropout, context));
  for (int layer = 0; layer < config_.encoder.layers; ++layer) {
    const Scope scope(parameters, model::layer_prefix(config_, layer));
    hidden = block(hidden, ragged, scope, layer, context);
    if (context.hidden_states) context.hidden_states->push_back(hidden);
  }
  if (config_.encoder.norm == NormPlacement::kPre) {
    hidden = normalized(hidden, Scope(parameters, "encoder.norm."));
  }
  return hidden;
}

at::Tensor EncoderStack::embed(const Parameters& parameters, const at::Tensor& ids,
                               const Ragged& ragged, const Subwords* subwords) const {
  const at::Tensor& words = parameters.at("embedding.word.weight");
  const TableGradient gradient = parameters.table_gradient();
  const at::ScalarType type = hidden_type(words, config_, parameters.products());
  at::Tensor hidden = subwords ? subwords->lookup(words, ids, gradient).to(type)
                               : rows_of(words, ids, gradient, type);
  const bool norms = config_.encoder.norm != NormPlacement::kNone;
  const Scope norm(parameters, "embedding.norm.");
  if (config_.encoder.positions == Positions::kLearned) {
    const at::Tensor& table = parameters.at("embedding.position.weight");
    if (longest_of(ragged) > table.size(0)) {
      throw Error("a document is longer than the model's " + std::to_string(table.size(0)) +
                  " positions");
    }
    const at::Tensor positions = rows_of(table, ragged.position_of, gradient, type);
    if (norms) return residual_norm(hidden, positions, ragged, {}, norm_of(norm));
    hidden = hidden + positions;
  } else if (config_.encoder.positions == Positions::kSinusoidal) {
    const at::Tensor positions = at::arange(longest_of(ragged), ragged.position_of.options());
    const at::Tensor table = sinusoidal_positions(positions, hidden.size(1)).to(hidden.options());
    hidden = hidden + table.index_select(0, ragged.position_of);
  }
  return norms ? normalized(hidden, norm) : hidden;
}

at::Tensor EncoderStack::block(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                               int index, const ForwardContext& context) const {
  const auto end = [&](const at::Tensor& before, const Biased& change, std::uint64_t site,
                       const Scope& part) {
    return sublayer_output(before, change, ragged,
                           dropout_at(site, config_.encoder.dropout, context), part);
  };
  const Scope attention = layer.inside("attention.");
  const at::Tensor input = sublayer_input(hidden, attention);
  Biased change = ends_in_norm() ? encoder_->mix_biased(input, ragged, attention, context)
                                 : encoder_->mix(input, ragged, attention, context);
  if (config_.encoder.local != Local::kNone) {
    change.rows = change.rows + local(input, ragged, layer.inside("local."));
  }
  at::Tensor attended = end(hidden, change, attention_site(index), attention);
  if (config_.encoder.feed_forward == 0) return attended;
  const Scope part = layer.inside("feed_forward.");
  const FeedForwardWeights weights = {part["inner.weight"], part["inner.bias"],
                                      part["outer.weight"], part["outer.bias"]};
  const Biased fed = feed_forward(sublayer_input(attended, part), weights, part.products(),
                                  /*leaves_bias=*/ends_in_norm());
  return end(attended, fed, feed_forward_site(index), part);
}

at::Tensor EncoderStack::local(const at::Tensor& input, const Ragged& ragged,
                               const Scope& part) const {
  const auto convolution = [&](const char* name) {
    const Scope scope = part.inside(name);
    return local_convolution(input, scope["weight"], scope["bias"], ragged);
  };
  at::Tensor sums = convolution("convolution.");
  if (config_.encoder.local == Local::kConvolution) return sums;
  return sums * at::sigmoid(convolution("gate."));
}

at::Tensor EncoderStack::sublayer_input(const at::Tensor& hidden, const Scope& part) const {
  if (config_.encoder.norm != NormPlacement::kPre) return hidden;
  return normalized(hidden, part.inside("norm."));
}

// Dropout, residual and, post-norm, normalisation of a part's output.
at::Tensor EncoderStack::sublayer_output(const at::Tensor& hidden, const Biased& change,
                                         const Ragged& ragged, const Dropout& dropout,
                                         const Scope& part) const {
  const Scope norm = part.inside("norm.");
  if (ends_in_norm()) {
    return residual_norm(hidden, change, ragged, dropout, norm_of(norm));
  }
  at::Tensor sum = dropped(whole(change, ragged), ragged, dropout);
  if (config_.encoder.residual) sum = sum + hidden;
  return config_.encoder.norm == NormPlacement::kPost ? normalized(sum, norm) : sum;
}

// Whether a part of the block ends in one operation of residual and norm.
bool EncoderStack::ends_in_norm() const {
  return config_.encoder.norm == NormPlacement::kPost && config_.encoder.residual;
}

at::Tensor EncoderStack::normalized(const at::Tensor& hidden, const Scope& norm) const {
  return layer_norm(hidden, norm_of(norm));
}

LayerNorm EncoderStack::norm_of(const Scope& norm) const {
  return {norm["weight"], norm["bias"], config_.encoder.norm_epsilon};
}

at::Tensor EncoderStack::pool(const Parameters& parameters, const at::Tensor& hidden,
                              const Ragged& ragged) const {
  const at::ScalarType type = parameters.tensors().front().scalar_type();
  if (config_.encoder.pooling == Pooling::kMax) return max_pool(hidden, ragged).to(type);
  const Scope pooling(parameters, "pooling.");
  const at::Tensor scores = linear(tanh_of(linear(hidden, pooling, "hidden")), pooling, "score");
  const at::Tensor mean = additive_pool(scores, hidden, ragged, kPoolingEpsilon);
  if (config_.encoder.pooling == Pooling::kAttention) return mean.to(type);
  return at::cat({mean, max_pool(hidden, ragged)}, 1).to(type);
}

at::Tensor sinusoidal_positions(const at::Tensor& positions, std::int64_t width) {
  const auto options = at::TensorOptions().dtype(at::kDouble).device(positions.device());
  const at::Tensor component = at::arange(width, options);
  const at::Tensor pair = (component / 2).floor() * 2;
  const at::Tensor frequency = at::exp(pair * (-std::log(10000.0) / static_cast<double>(width)));
  const at::Tensor angle = positions.to(at::kDouble).unsqueeze(1) * frequency;
  return at::where(component == pair, at::sin(angle), at::cos(angle));
}

}  // namespace fastformer::learn
