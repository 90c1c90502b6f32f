// Seeded dropout on the processor through the kernel, elsewhere through a seeded generator.
#include "learn/ops/dropout.h"

#include "base/random.h"
#include "kernels/dropout.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

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

at::Tensor masked_by_document(const at::Tensor& input_in, const std::vector<std::int64_t>& offsets,
                              double rate, std::uint64_t seed) {
  const at::Tensor input = input_in.contiguous();
  at::Tensor output = at::empty_like(input);
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "document_dropout", [&] {
    kernels::dropout_by_document<scalar_t>(offsets, const_view<scalar_t>(input), rate, seed,
                                           view<scalar_t>(output), torch_parallel_for());
  });
  return output;
}

struct DocumentDropout : public torch::autograd::Function<DocumentDropout> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            std::vector<std::int64_t> offsets, double rate, std::int64_t seed) {
    at::Tensor output = masked_by_document(input, offsets, rate, static_cast<std::uint64_t>(seed));
    context->saved_data["offsets"] = std::move(offsets);
    context->saved_data["rate"] = rate;
    context->saved_data["seed"] = seed;
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const std::vector<std::int64_t> offsets = context->saved_data["offsets"].toIntVector();
    const double rate = context->saved_data["rate"].toDouble();
    const auto seed = static_cast<std::uint64_t>(context->saved_data["seed"].toInt());
    return {masked_by_document(gradients[0], offsets, rate, seed), at::Tensor(), at::Tensor(),
            at::Tensor()};
  }
};

// 0 or 1 / (1 - rate) in the shape of `shaped`.
at::Tensor mask_elsewhere(const at::Tensor& shaped, double rate, std::uint64_t seed) {
  at::Generator generator = at::globalContext().defaultGenerator(shaped.device()).clone();
  generator.set_current_seed(seed);
  return at::empty_like(shaped).bernoulli_(1 - rate, generator) / (1 - rate);
}

}  // namespace

at::Tensor seeded_dropout(const at::Tensor& input, double rate, std::uint64_t seed) {
  if (rate <= 0) return input;
  if (!input.is_cpu()) return input * mask_elsewhere(input.detach(), rate, seed);
  return SeededDropout::apply(input, rate, static_cast<std::int64_t>(seed));
}

at::Tensor document_dropout(const at::Tensor& input, const Ragged& ragged, double rate,
                            std::uint64_t seed) {
  if (rate <= 0) return input;
  if (!input.is_cpu()) {
    const at::Tensor shaped = at::empty({ragged.documents(), input.size(1)}, input.options());
    return input * mask_elsewhere(shaped, rate, seed).index_select(0, ragged.document_of);
  }
  return DocumentDropout::apply(input, ragged.offsets, rate, static_cast<std::int64_t>(seed));
}

at::Tensor drop_words(const at::Tensor& ids, double rate, std::int64_t unknown,
                      std::uint64_t seed) {
  if (rate <= 0) return ids;
  at::Tensor kept = ids.cpu().clone();
  auto* id = kept.mutable_data_ptr<std::int64_t>();
  Random random(seed);
  for (std::int64_t i = 0; i < kept.numel(); ++i) {
    if (random.uniform() < rate) id[i] = unknown;
  }
  return kept.to(ids.device());
}

}  // namespace fastformer::learn
