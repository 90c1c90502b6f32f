// What dropout leaves out, of hidden units and of words.
#include "learn/ops/dropout.h"

#include <gtest/gtest.h>

#include "gradient_check.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

at::Tensor random_input(std::int64_t rows, std::int64_t columns) {
  at::Tensor tensor = at::empty({rows, columns}, at::kDouble);
  Random random(1);
  double* values = tensor.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = random.normal();
  return tensor.set_requires_grad(true);
}

at::Tensor dropped_by_token(const at::Tensor& input, double rate, std::uint64_t seed) {
  return dropped(input, Ragged::from_offsets({0, input.size(0)}), {rate, seed});
}

TEST(DropoutTest, KeepsTheMeanAndTheShare) {
  const at::Tensor ones = at::ones({200, 500}, at::kFloat);
  const at::Tensor left = dropped_by_token(ones, 0.3, 7);
  EXPECT_NEAR(left.mean().item<double>(), 1, 0.01);
  EXPECT_NEAR((left == 0).to(at::kFloat).mean().item<double>(), 0.3, 0.01);
}

TEST(DropoutTest, GradientUsesTheSameMask) {
  const at::Tensor input = random_input(5, 7);
  check_gradient(
      input, [&] { return dropped_by_token(input, 0.4, 3).sum(); }, "input");
}

TEST(DropoutTest, ThreadsDoNotChangeTheMask) {
  const at::Tensor ones = at::ones({1000, 100}, at::kFloat);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = dropped_by_token(ones, 0.5, 3);
  at::set_num_threads(3);
  const at::Tensor three = dropped_by_token(ones, 0.5, 3);
  at::set_num_threads(threads);
  EXPECT_EQ(difference(one, three), 0);
}

TEST(DropoutTest, ADocumentSharesOneMask) {
  std::vector<std::int64_t> offsets = {0};
  for (std::int64_t length = 0; length < 60; ++length) offsets.push_back(offsets.back() + length);
  const Ragged ragged = Ragged::from_offsets(offsets);
  for (const std::int64_t width : {1, 3, 64, 101}) {
    const at::Tensor ones = at::ones({ragged.tokens(), width}, at::kFloat);
    const at::Tensor left = dropped(ones, ragged, {0.3, 7, DropoutMask::kDocument});
    at::Tensor masks = at::empty({ragged.documents() - 1, width}, at::kFloat);
    for (std::int64_t b = 1; b < ragged.documents(); ++b) {
      const at::Tensor own = left.slice(0, offsets[static_cast<std::size_t>(b)],
                                        offsets[static_cast<std::size_t>(b) + 1]);
      EXPECT_EQ(difference(own, own[0].expand_as(own)), 0);
      masks[b - 1] = own[0];
    }
    const at::Tensor kept = masks > 0;
    EXPECT_LT(difference(masks.masked_select(kept), at::full({1}, 1 / 0.7)), 1e-4);
    if (width < 64) continue;
    EXPECT_NEAR(kept.to(at::kFloat).mean().item<double>(), 0.7, 0.03);
    // Neither documents nor channels share a mask.
    EXPECT_GT(difference(masks[0], masks[1]), 0);
    EXPECT_GT(difference(masks.select(1, 0), masks.select(1, 4)), 0);
  }
}

TEST(DropoutTest, ADocumentsGradientUsesTheSameMask) {
  const Ragged ragged = Ragged::from_offsets({0, 2, 2, 5});
  const at::Tensor input = random_input(5, 7);
  check_gradient(
      input,
      [&] {
        return dropped(input, ragged, {0.4, 3, DropoutMask::kDocument}).sum();
      },
      "input");
}

TEST(DropoutTest, WordsBecomeUnknownByTheirShare) {
  const at::Tensor ids = at::arange(1, 20001, at::kLong);
  const at::Tensor kept = drop_words(ids, 0.3, 0, 5);
  const at::Tensor lost = kept == 0;
  EXPECT_NEAR(lost.to(at::kFloat).mean().item<double>(), 0.3, 0.01);
  EXPECT_TRUE(at::logical_or(lost, kept == ids).all().item<bool>());
  EXPECT_TRUE(at::equal(kept, drop_words(ids, 0.3, 0, 5)));
  EXPECT_FALSE(at::equal(kept, drop_words(ids, 0.3, 0, 6)));
  EXPECT_TRUE(at::equal(ids, drop_words(ids, 0, 0, 5)));
  EXPECT_TRUE(at::equal(ids, at::arange(1, 20001, at::kLong)));
}

}  // namespace
}  // namespace fastformer::learn
