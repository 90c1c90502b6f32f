// Seeded dropout on the processor through the kernel, elsewhere through a seeded generator.
#include "learn/ops/dropout.h"

#include "kernels/dropout.h"
#include "learn/ragged.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor masked(const at::Tensor& input_in, double rate, std::uint64_t seed) {
  const at::Tensor input = input_in.contiguous();
  at::Tensor output = at::empty_like(input);
  const auto count = static_cast<std::size_t>(input.numel());
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "dropout", [&] {
    kernels::dropout<scalar_t>(std::span(input.const_data_ptr<scalar_t>(), count), rate, seed,
                               std::span(output.mutable_data_ptr<scalar_t>(), count),
                               torch_parallel_for());
  });
  return output;
}

struct SeededDropout : public torch::autograd::Function<SeededDropout> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, double rate,
                            std::int64_t seed) {
    context->saved_data["rate"] = rate;
    context->saved_data["seed"] = seed;
    return masked(input, rate, static_cast<std::uint64_t>(seed));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const double rate = context->saved_data["rate"].toDouble();
    const auto seed = static_cast<std::uint64_t>(context->saved_data["seed"].toInt());
    return {masked(gradients[0], rate, seed), at::Tensor(), at::Tensor()};
  }
};

at::Tensor dropout_elsewhere(const at::Tensor& input, double rate, std::uint64_t seed) {
  at::Generator generator = at::globalContext().defaultGenerator(input.device()).clone();
  generator.set_current_seed(seed);
  const at::Tensor kept = at::empty_like(input).bernoulli_(1 - rate, generator);
  return input * kept / (1 - rate);
}

}  // namespace

at::Tensor seeded_dropout(const at::Tensor& input, double rate, std::uint64_t seed) {
  if (rate <= 0) return input;
  if (!input.is_cpu()) return dropout_elsewhere(input, rate, seed);
  return SeededDropout::apply(input, rate, static_cast<std::int64_t>(seed));
}

}  // namespace fastformer::learn
