// Each encoder against its formula as the paper writes it, with dense matrices in float64.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "encoder_layer.h"

namespace fastformer::learn {
namespace {

constexpr double kTolerance = 1e-12;

// Whether token i sees token j, of n tokens.
using Sees = std::function<bool(std::int64_t i, std::int64_t j, std::int64_t n)>;

at::Tensor explicit_mask(const Sees& sees, std::int64_t n) {
  at::Tensor mask = at::full({n, n}, -std::numeric_limits<double>::infinity(), at::kDouble);
  auto* value = mask.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      if (sees(i, j, n)) value[i * n + j] = 0;
    }
  }
  return mask;
}

// softmax(q k' / sqrt(e) + mask) v of [heads, rows, e]; an undefined mask hides nothing.
at::Tensor dense_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                           const at::Tensor& mask = {}) {
  at::Tensor scores = query.matmul(key.transpose(1, 2)) / std::sqrt(query.size(2));
  if (mask.defined()) scores = scores + mask;
  return scores.softmax(2).matmul(value);
}

at::Tensor dense_layer(const EncoderLayer& layer, const at::Tensor& x, const at::Tensor& mask) {
  return layer.output(dense_attention(layer.mapped(x, "query"), layer.mapped(x, "key"),
                                      layer.mapped(x, "value"), mask));
}

std::vector<std::int64_t> some_lengths() {
  std::vector<std::int64_t> lengths;
  for (std::int64_t n = 1; n <= 200; n += n < 36 ? 1 : 7) lengths.push_back(n);
  return lengths;
}

// Compares value and gradient with the formula for documents of many lengths.
void expect_formula(const EncoderLayer& layer,
                    const std::function<at::Tensor(const at::Tensor&)>& formula) {
  for (const std::int64_t n : some_lengths()) {
    const auto seed = static_cast<std::uint64_t>(n);
    const at::Tensor mixture = random_tensor({n, 12}, seed + 1000);
    at::Tensor x = random_tensor({n, 12}, seed).set_requires_grad(true);
    at::Tensor y = x.detach().clone().set_requires_grad(true);
    const at::Tensor found = layer.mix(x), expected = formula(y);
    ASSERT_LT(difference(found, expected), kTolerance * (1 + expected.abs().max().item<double>()))
        << n;
    (found * mixture).sum().backward();
    (expected * mixture).sum().backward();
    const double size = 1 + y.grad().abs().max().item<double>();
    ASSERT_LT(difference(x.grad(), y.grad()), kTolerance * size) << n;
  }
}

TEST(EncoderFormulasTest, Transformer) {
  const EncoderLayer layer("transformer", config::Json::object());
  expect_formula(layer, [&](const at::Tensor& x) { return dense_layer(layer, x, {}); });
}

TEST(EncoderFormulasTest, Longformer) {
  for (const auto& [window, global] : {std::pair(2, 1), {6, 0}, {10, 3}, {64, 1}, {90, 40}}) {
    const EncoderLayer layer("longformer",
                             {{"longformer_window", window}, {"longformer_global", global}});
    const auto sees = [reach = window / 2, first = global](std::int64_t i, std::int64_t j,
                                                           std::int64_t) {
      return std::abs(i - j) <= reach || j < first;
    };
    expect_formula(layer, [&, first = global](const at::Tensor& x) {
      const std::int64_t n = x.size(0), some = std::min<std::int64_t>(first, n);
      at::Tensor mixed = dense_attention(layer.mapped(x, "query"), layer.mapped(x, "key"),
                                         layer.mapped(x, "value"), explicit_mask(sees, n));
      if (some > 0) {
        const at::Tensor globally =
            dense_attention(layer.mapped(x.slice(0, 0, some), "global_query"),
                            layer.mapped(x, "global_key"), layer.mapped(x, "global_value"));
        mixed = at::cat({globally, mixed.slice(1, some, n)}, 1);
      }
      return layer.output(mixed);
    });
  }
}

// The plan of random blocks, written once more.
struct BigBirdTwin {
  std::int64_t block, leading, trailing, side, random;
  std::uint64_t seed;

  std::set<std::int64_t> seen_by(std::int64_t i, std::int64_t blocks, std::int64_t head) const {
    std::set<std::int64_t> seen;
    const bool is_global = i < leading || i >= blocks - trailing;
    for (std::int64_t j = 0; j < blocks; ++j) {
      const bool is_seen = j < leading || j >= blocks - trailing || std::abs(i - j) <= side;
      if (is_global || is_seen) seen.insert(j);
    }
    const auto wanted = std::min<std::size_t>(seen.size() + static_cast<std::size_t>(random),
                                              static_cast<std::size_t>(blocks));
    Random draw(
        hash_of({hash_of("encoder.layer.0.attention.", seed), static_cast<std::uint64_t>(blocks),
                 static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(head)}));
    while (seen.size() < wanted) {
      seen.insert(static_cast<std::int64_t>(draw.below(static_cast<std::uint64_t>(blocks))));
    }
    return seen;
  }
};

void expect_big_bird(const config::Json& options, const BigBirdTwin& twin) {
  const EncoderLayer layer("bigbird", options);
  expect_formula(layer, [&](const at::Tensor& x) {
    const std::int64_t n = x.size(0), blocks = (n + twin.block - 1) / twin.block;
    std::vector<at::Tensor> masks;
    for (std::int64_t head = 0; head < 3; ++head) {
      masks.push_back(explicit_mask(
          [&](std::int64_t i, std::int64_t j, std::int64_t) {
            return twin.seen_by(i / twin.block, blocks, head).contains(j / twin.block);
          },
          n));
    }
    return dense_layer(layer, x, at::stack(masks));
  });
}

TEST(EncoderFormulasTest, BigBird) {
  expect_big_bird({{"bigbird_block", 8}}, {8, 1, 1, 1, 3, 0});
  expect_big_bird({{"bigbird_block", 5}, {"bigbird_random", 1}, {"bigbird_seed", 9}},
                  {5, 1, 1, 1, 1, 9});
  expect_big_bird(
      {{"bigbird_block", 7}, {"bigbird_global", 3}, {"bigbird_window", 5}, {"bigbird_random", 2}},
      {7, 2, 1, 2, 2, 0});
  expect_big_bird(
      {{"bigbird_block", 9}, {"bigbird_global", 0}, {"bigbird_window", 1}, {"bigbird_random", 0}},
      {9, 0, 0, 0, 0, 0});
}

TEST(EncoderFormulasTest, Linformer) {
  for (const char* sharing : {"none", "headwise", "key-value", "layerwise"}) {
    for (const int rank : {1, 12, 90}) {
      const EncoderLayer layer("linformer",
                               {{"linformer_rank", rank}, {"linformer_sharing", sharing}});
      const auto projection = [&](const std::string& own) {
        const std::string name = std::string(sharing) == "key-value" ? "projection.weight" : own;
        const bool is_shared = std::string(sharing) == "layerwise";
        return is_shared ? layer.parameters().at("encoder.shared.projection.weight")
                         : layer.scope()[name];
      };
      expect_formula(layer, [&](const at::Tensor& x) {
        // Zeros up to the longest document, projected whole.
        const at::Tensor rest = at::zeros({3, 200 - x.size(0), 4}, at::kDouble);
        const at::Tensor key = at::cat({layer.mapped(x, "key"), rest}, 1);
        const at::Tensor value = at::cat({layer.mapped(x, "value"), rest}, 1);
        return layer.output(dense_attention(layer.mapped(x, "query"),
                                            projection("key_projection.weight").matmul(key),
                                            projection("value_projection.weight").matmul(value)));
      });
    }
  }
}

TEST(EncoderFormulasTest, LinearTransformer) {
  for (const double epsilon : {1e-6, 0.1}) {
    const EncoderLayer layer("linear_transformer", {{"linear_transformer_epsilon", epsilon}});
    expect_formula(layer, [&](const at::Tensor& x) {
      const auto feature = [](const at::Tensor& t) {
        return t.exp().clamp_max(1) + t.clamp_min(0);
      };
      const at::Tensor similar =
          feature(layer.mapped(x, "query")).matmul(feature(layer.mapped(x, "key")).transpose(1, 2));
      const at::Tensor weights = similar / (similar.sum(2, true) + epsilon);
      return layer.output(weights.matmul(layer.mapped(x, "value")));
    });
  }
}

// Pooled rows of one head's [n, e], and weights [n, kernel] for ldconv.
at::Tensor pooled_twin(const at::Tensor& rows, const at::Tensor& scores, const std::string& pooling,
                       std::int64_t kernel, std::int64_t stride) {
  std::vector<at::Tensor> pooled;
  for (std::int64_t middle = 0; middle < rows.size(0); middle += stride) {
    const std::int64_t begin = std::max<std::int64_t>(0, middle - kernel / 2);
    const std::int64_t end = std::min(rows.size(0), middle + kernel / 2 + 1);
    const at::Tensor near = rows.slice(0, begin, end);
    if (pooling == "mean") {
      pooled.push_back(near.mean(0));
    } else if (pooling == "max") {
      pooled.push_back(near.amax(0));
    } else {
      const std::int64_t first = begin - (middle - kernel / 2);
      const at::Tensor own = scores[middle].slice(0, first, first + end - begin);
      pooled.push_back(own.softmax(0).matmul(near));
    }
  }
  return at::stack(pooled);
}

void expect_poolingformer(const std::string& pooling, int window, int wider, int kernel,
                          int stride) {
  const EncoderLayer layer("poolingformer", {{"poolingformer_window", window},
                                             {"poolingformer_pooled_window", wider},
                                             {"poolingformer_kernel", kernel},
                                             {"poolingformer_stride", stride},
                                             {"poolingformer_pooling", pooling}});
  expect_formula(layer, [&](const at::Tensor& x) {
    const std::int64_t n = x.size(0);
    const auto near = [&](std::int64_t i, std::int64_t j, std::int64_t) {
      return std::abs(i - j) <= window;
    };
    const at::Tensor first = dense_attention(layer.mapped(x, "query"), layer.mapped(x, "key"),
                                             layer.mapped(x, "value"), explicit_mask(near, n));
    const at::Tensor rows = first.transpose(0, 1).flatten(1);  // [n, width]
    const auto pool = [&](const char* map, const char* by) {
      const at::Tensor all = layer.mapped(rows, map);
      const at::Tensor scores =
          pooling == "ldconv" ? layer.mapped(all.transpose(0, 1).flatten(1), by) : all;
      std::vector<at::Tensor> heads;
      for (std::int64_t h = 0; h < all.size(0); ++h) {
        heads.push_back(pooled_twin(all[h], scores[h], pooling, kernel, stride));
      }
      return at::stack(heads);
    };
    const auto in_reach = [&](std::int64_t i, std::int64_t j, std::int64_t) {
      return std::abs(i - j) <= wider;
    };
    const at::Tensor mask = explicit_mask(in_reach, n).slice(1, 0, n, stride);
    const at::Tensor second =
        dense_attention(layer.mapped(rows, "pooled_query"), pool("pooled_key", "key_pooling"),
                        pool("pooled_value", "value_pooling"), mask);
    return layer.output(first + second);
  });
}

TEST(EncoderFormulasTest, Poolingformer) {
  for (const char* pooling : {"mean", "max", "ldconv"}) {
    expect_poolingformer(pooling, 3, 10, 5, 4);
    expect_poolingformer(pooling, 40, 90, 3, 5);
    expect_poolingformer(pooling, 1, 2, 1, 1);
  }
}

// What a token of a document of 200 tokens sees, found by changing tokens one by one.
TEST(EncoderFormulasTest, WhatIsOutOfSightDoesNotMatter) {
  const std::pair<const char*, const char*> encoders[] = {
      {"longformer", R"({"longformer_window": 20, "longformer_global": 1})"},
      {"bigbird", R"({"bigbird_block": 4})"}};
  for (const auto& [name, options] : encoders) {
    const EncoderLayer layer(name, config::Json::parse(options));
    const at::Tensor x = random_tensor({200, 12}, 1), before = layer.mix(x);
    std::int64_t seen = 0;
    for (std::int64_t j = 0; j < 200; ++j) {
      at::Tensor changed = x.clone();
      changed[j].add_(1);
      seen += (layer.mix(changed)[100] - before[100]).abs().max().item<double>() > 0;
    }
    const bool is_longformer = std::string(name) == "longformer";
    EXPECT_GE(seen, is_longformer ? 22 : 20) << name;  // 20 tokens around, itself, the first
    // Five blocks of all heads, and three random ones of each of three heads.
    EXPECT_LE(seen, is_longformer ? 22 : 4 * (5 + 9)) << name;
  }
}

}  // namespace
}  // namespace fastformer::learn
