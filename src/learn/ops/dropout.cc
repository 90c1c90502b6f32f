// Seeded dropout on the processor through the kernel, elsewhere through a seeded generator.
#include "learn/ops/dropout.h"

#include "base/random.h"
#include "learn/gpu/operations.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor masked(const at::Tensor& input_in, const KeptDropout& kept) {
  const at::Tensor input = input_in.contiguous();
  at::Tensor output = at::empty_like(input);
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "dropout", [&] {
    kernels::dropout<scalar_t>(kept.rule(), const_view<scalar_t>(input), view<scalar_t>(output),
                               torch_parallel_for());
  });
  return output;
}

struct MaskedDropout : public torch::autograd::Function<MaskedDropout> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const KeptDropout& kept) {
    kept.save(*context);
    return masked(input, kept);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    return {masked(gradients[0], KeptDropout(*context)), at::Tensor()};
  }
};

// 0 or 1 / (1 - rate) in the shape of `shaped`.
at::Tensor mask_elsewhere(const at::Tensor& shaped, const Dropout& dropout) {
  at::Generator generator = at::globalContext().defaultGenerator(shaped.device()).clone();
  generator.set_current_seed(dropout.seed);
  return at::empty_like(shaped).bernoulli_(1 - dropout.rate, generator) / (1 - dropout.rate);
}

}  // namespace

KeptDropout::KeptDropout(const Ragged& ragged, const Dropout& dropout)
    : rate_(dropout.rate), seed_(dropout.seed) {
  if (dropout.mask == DropoutMask::kDocument) offsets_ = ragged.offsets;
}

KeptDropout::KeptDropout(const AutogradContext& context)
    : rate_(context.saved_data.at("rate").toDouble()),
      seed_(static_cast<std::uint64_t>(context.saved_data.at("seed").toInt())),
      offsets_(context.saved_data.at("offsets").toIntVector()) {}

void KeptDropout::save(AutogradContext& context) const {
  context.saved_data["rate"] = rate_;
  context.saved_data["seed"] = static_cast<std::int64_t>(seed_);
  context.saved_data["offsets"] = offsets_;
}

kernels::DropoutRule KeptDropout::rule() const { return {rate_, seed_, offsets_}; }

at::Tensor dropped(const at::Tensor& input, const Ragged& ragged, const Dropout& dropout) {
  if (dropout.rate <= 0) return input;
  if constexpr (gpu::kIsBuilt) {
    if (gpu::has_kernels(input)) return gpu::dropped(input, ragged, dropout);
  }
  if (input.is_cpu()) return MaskedDropout::apply(input, KeptDropout(ragged, dropout));
  if (dropout.mask == DropoutMask::kToken) return input * mask_elsewhere(input.detach(), dropout);
  const at::Tensor shaped = at::empty({ragged.documents(), input.size(1)}, input.options());
  return input * mask_elsewhere(shaped, dropout).index_select(0, ragged.document_of);
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
