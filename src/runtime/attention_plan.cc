// Prepares a layer's attention when a model is loaded.
#include "runtime/attention_plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fastformer::runtime {
namespace {

// Reads one layer's projections and brings the switches that only repeat or leave out weights to
// the form of the published layer.
class Reader {
 public:
  Reader(const model::ModelConfig& config, const TensorSource& source, const std::string& prefix)
      : config_(config), source_(source), prefix_(prefix) {}

  std::int64_t width() const { return config_.encoder.width; }
  std::int64_t heads() const { return config_.encoder.heads; }
  std::int64_t head_width() const { return config_.encoder.head_width(); }

  Affine map(const std::string& name, std::int64_t outputs, std::int64_t inputs) const {
    return read_affine(source_, prefix_ + name, outputs, inputs);
  }

  // Shared heads: every head has a copy.
  Affine projection(const std::string& name) const {
    if (!config_.fastformer.share_heads) return map(name, width(), width());
    const Affine one = map(name, head_width(), width());
    Affine all{Matrix(width(), width()), Floats(kernels::padded(width()))};
    for (std::int64_t j = 0; j < width(); ++j) {
      std::copy_n(one.weight.row(j % head_width()), width(), all.weight.row(j));
      all.bias[j] = one.bias[j % head_width()];
    }
    return all;
  }

  // Directions [heads, width], over the root of the head width; a head that sees its slice alone
  // has zeros elsewhere.
  Affine scores(const std::string& name) const {
    const bool whole = config_.fastformer.head_scores == HeadScores::kWhole;
    const std::int64_t seen = whole ? width() : head_width();
    const Affine read = map(name, heads(), seen);
    const float root = std::sqrt(static_cast<float>(head_width()));
    Affine scores{Matrix(heads(), width()), Floats(kernels::padded(heads()))};
    for (std::int64_t h = 0; h < heads(); ++h) {
      const std::int64_t begin = whole ? 0 : h * head_width();
      for (std::int64_t j = 0; j < seen; ++j) {
        scores.weight.row(h)[begin + j] = read.weight.row(h)[j] / root;
      }
      scores.bias[h] = read.bias[h] / root;
    }
    return scores;
  }

 private:
  const model::ModelConfig& config_;
  const TensorSource& source_;
  const std::string& prefix_;
};

Floats sum(const Floats& a, const Floats& b) {
  Floats c(a.size());
  for (std::int64_t i = 0; i < a.size(); ++i) c[i] = a[i] + b[i];
  return c;
}

// Sum and concatenation: [left right] [global; token] + bias = left global + right token + bias;
// with the sum, left and right are the identity, which an empty matrix stands for.
struct Meeting {
  Matrix left, right;
  Floats bias;
};

Meeting meeting(const Reader& read, Interaction interaction, const std::string& name) {
  const std::int64_t width = read.width();
  if (interaction == Interaction::kSum) return {{}, {}, Floats(kernels::padded(width))};
  Affine both = read.map(name, width, 2 * width);
  return {columns_of(both.weight, 0, width), columns_of(both.weight, width, width),
          std::move(both.bias)};
}

// What a layer's weights are composed of.
struct Parts {
  Affine value, key_scores, transform, output;
};

class Composer {
 public:
  Composer(const kernels::Stages& stages, Parts parts, const Affine& query)
      : stages_(stages),
        parts_(std::move(parts)),
        transform_(times(parts_.output.weight, parts_.transform.weight)),
        query_(times(parts_.output.weight, query.weight)) {}

  // Of Wo (Wr u_i + br + q_i) + bo, where u_i is still to come.
  Floats constant_output(const Floats& query_bias) const {
    return affine(stages_, parts_.output.weight, sum(parts_.transform.bias, query_bias).data(),
                  parts_.output.bias);
  }

  void meet_by_product(AttentionPlan& plan) const {
    plan.output_offset.weight = scaled(stages_, transform_, parts_.value.bias, false);
    plan.output_transform = pack(transform_);
    plan.output_query = pack(query_);
    plan.value = pack(parts_.value.weight);
    plan.value_transposed = transposed(parts_.value.weight);
    if (plan.values_are_queries()) {
      plan.query_output = pack(parts_.output.weight);
      plan.query_output_bias =
          affine(stages_, parts_.output.weight, parts_.transform.bias.data(), parts_.output.bias);
    }
    if (!plan.options.global_key) return;
    plan.key_transposed = transposed(plan.key.weight);
    plan.key_directions = pack(parts_.key_scores.weight);
    plan.key_score_offset.weight = scaled(stages_, parts_.key_scores.weight, plan.key.bias, false);
    plan.key_score_offset.bias = sum(parts_.key_scores.bias, Floats(parts_.key_scores.bias.size()));
  }

  // Of sum and concatenation: beta scores from keys that met the global query.
  void sum_by_map(AttentionPlan& plan, Meeting keys) const {
    const bool maps = keys.left.rows > 0;
    if (maps) {
      plan.key.bias = affine(stages_, keys.right, plan.key.bias.data(), keys.bias);
      plan.key.weight = times(keys.right, plan.key.weight);
    }
    plan.key_scores = pack(times(parts_.key_scores.weight, plan.key.weight));
    plan.key_score_offset = {
        maps ? times(parts_.key_scores.weight, keys.left) : copy(parts_.key_scores.weight),
        affine(stages_, parts_.key_scores.weight, plan.key.bias.data(), parts_.key_scores.bias)};
    plan.key_of_query = std::move(keys.left);
  }

  void meet_by_map(AttentionPlan& plan, const Meeting& values) const {
    const bool maps = values.left.rows > 0;
    const Matrix to_value = maps ? times(transform_, values.right) : copy(transform_);
    plan.output = pack(added(times(to_value, parts_.value.weight), query_));
    plan.output_offset.bias =
        affine(stages_, to_value, parts_.value.bias.data(), plan.output_offset.bias);
    plan.output_offset.bias =
        affine(stages_, transform_, values.bias.data(), plan.output_offset.bias);
    plan.output_offset.weight = maps ? times(transform_, values.left) : copy(transform_);
  }

 private:
  Matrix times(const Matrix& a, const Matrix& b) const { return product(stages_, a, b); }
  static Matrix copy(const Matrix& a) { return columns_of(a, 0, a.columns); }
  static Matrix added(Matrix a, const Matrix& b) {
    for (std::int64_t i = 0; i < a.elements.size(); ++i) a.elements[i] += b.elements[i];
    return a;
  }

  const kernels::Stages& stages_;
  Parts parts_;
  Matrix transform_, query_;  // Wo Wr, Wo Wq
};

}  // namespace

AttentionPlan::AttentionPlan(const kernels::Stages& stages, const Multipliers& multipliers,
                             const model::ModelConfig& config, const TensorSource& source,
                             const std::string& prefix)
    : options(config.fastformer) {
  const Reader read(config, source, prefix);
  const std::int64_t width = read.width();
  query = read.projection("query");
  key = read.projection("key");
  const Affine alpha = read.scores("query_score");
  query_scores = pack(product(stages, alpha.weight, query.weight));
  query_score_bias = affine(stages, alpha.weight, query.bias.data(), alpha.bias);
  const char* const values = options.share_query_value ? "query" : "value";
  const Composer composer(stages,
                          {read.projection(options.global_key ? values : "key"),
                           options.global_key ? read.scores("key_score") : Affine(),
                           read.map("transform", width, width), read.map("output", width, width)},
                          query);
  output_offset.bias = composer.constant_output(query.bias);
  if (options.interaction == Interaction::kProduct) {
    composer.meet_by_product(*this);
  } else {
    const char* const last = options.global_key ? "value_interaction" : "key_interaction";
    composer.meet_by_map(*this, meeting(read, options.interaction, last));
    if (options.global_key) {
      composer.sum_by_map(*this, meeting(read, options.interaction, "key_interaction"));
    }
  }
  convert(multipliers);
}

void AttentionPlan::convert(const Multipliers& multipliers) {
  const auto bring = [](const Multiplier& multiplier, PackedMatrix& weights) {
    weights.require(weights.outputs, weights.inputs, multiplier.precision());
    multiplier.convert(weights);
  };
  for (PackedMatrix* weights :
       {&query_scores, &value, &output_transform, &output_query, &key_scores, &output}) {
    if (weights->outputs > 0) bring(multipliers.tokens, *weights);
  }
  if (output_transform.outputs == 0) return;
  bring(multipliers.maps, output_transform);
  if (key_transposed.rows == 0) return;
  key_rows.require(multipliers.maps.room(key_transposed.rows, key_transposed.columns));
  key_operand = multipliers.maps.operand({key_transposed.elements.data(), key_transposed.stride,
                                          key_transposed.rows, key_transposed.columns},
                                         key_rows.data());
}

}  // namespace fastformer::runtime
