// Dropout, and residual sums with their layer norm, with their backward passes.
#include "cuda/residual_norm.h"

#include "learn/gpu/operations.h"
#include "learn/gpu/tensors.h"

namespace fastformer::learn::gpu {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Dropout as an operation keeps it for its backward pass.
class KeptMask {
 public:
  KeptMask(const Ragged& ragged, const Dropout& dropout)
      : rate_(dropout.rate), seed_(dropout.seed) {
    if (dropout.mask == DropoutMask::kDocument && rate_ > 0) document_of_ = ragged.document_of;
  }
  explicit KeptMask(const AutogradContext& context)
      : rate_(context.saved_data.at("rate").toDouble()),
        seed_(static_cast<std::uint64_t>(context.saved_data.at("seed").toInt())),
        document_of_(context.saved_data.at("mask_of").toTensor()) {}

  void save(AutogradContext& context) const {
    context.saved_data["rate"] = rate_;
    context.saved_data["seed"] = static_cast<std::int64_t>(seed_);
    context.saved_data["mask_of"] = document_of_;
  }
  cuda::DropoutMask mask() const {
    return cuda::dropout_mask(
        rate_, seed_,
        document_of_.defined() ? document_of_.const_data_ptr<std::int64_t>() : nullptr);
  }
  bool drops() const { return mask().threshold > 0; }

 private:
  double rate_;
  std::uint64_t seed_;
  at::Tensor document_of_;  // where a document's tokens share a mask
};

at::Tensor masked(const at::Tensor& input_in, const KeptMask& kept) {
  const at::Tensor input = input_in.contiguous();
  enter(input);
  at::Tensor output = at::empty_like(input);
  cuda::dropout(kept.mask(), matrix_of(input), output.mutable_data_ptr());
  return output;
}

struct MaskedDropout : public torch::autograd::Function<MaskedDropout> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const KeptMask& kept) {
    kept.save(*context);
    return masked(input, kept);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    return {masked(gradients[0], KeptMask(*context)), at::Tensor()};
  }
};

cuda::ResidualNorm norm_of(const at::Tensor& weight, const KeptMask& kept) {
  cuda::ResidualNorm norm;
  norm.weight = floats_of(weight);
  norm.dropout = kept.mask();
  return norm;
}

// The norm of hidden and, if it is given, the change; what backward needs is saved.
at::Tensor forward_pass(AutogradContext& context, const at::Tensor& hidden_in,
                        const at::Tensor& change_in, const LayerNorm& layer, const KeptMask& kept) {
  const at::Tensor hidden = hidden_in.contiguous();
  enter(hidden);
  cuda::ResidualNorm norm = norm_of(layer.weight, kept);
  norm.bias = floats_of(layer.bias);
  norm.epsilon = static_cast<float>(layer.epsilon);
  at::Tensor sum = hidden, change, output = at::empty_like(hidden);
  at::Tensor moments = at::empty({hidden.size(0), 2}, float_like(hidden));
  cuda::ResidualNormPass pass;
  pass.hidden = matrix_of(hidden);
  if (change_in.defined()) {
    change = change_in.to(hidden.scalar_type()).contiguous();
    sum = at::empty_like(hidden);
    pass.change = change.const_data_ptr();
    pass.sum = sum.mutable_data_ptr();
  }
  pass.output = output.mutable_data_ptr();
  pass.moments = floats_to(moments);
  cuda::residual_norm(norm, pass);
  context.save_for_backward({sum, moments, layer.weight});
  kept.save(context);
  return output;
}

struct Gradients {
  at::Tensor hidden, change, weight, bias;
};

Gradients backward_pass(AutogradContext& context, const at::Tensor& upstream_in) {
  const variable_list saved = context.get_saved_variables();
  const KeptMask kept(context);
  const at::Tensor upstream = upstream_in.contiguous();
  enter(upstream);
  const std::int64_t width = upstream.size(1), blocks = cuda::norm_blocks(upstream.size(0));
  at::Tensor partial = at::empty({blocks, 2, width}, float_like(upstream));
  at::Tensor hidden = at::empty_like(upstream), change = hidden;
  if (kept.drops()) change = at::empty_like(upstream);
  cuda::residual_norm_backward(
      norm_of(saved[2], kept),
      {matrix_of(upstream), saved[0].const_data_ptr(), floats_of(saved[1]),
       hidden.mutable_data_ptr(), change.mutable_data_ptr(), floats_to(partial)});
  const at::Tensor sums = partial.sum(0);
  return {hidden, change, sums[0], sums[1]};
}

struct FusedResidualNorm : public torch::autograd::Function<FusedResidualNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden,
                            const at::Tensor& change, const at::Tensor& weight,
                            const at::Tensor& bias, double epsilon, const KeptMask& kept) {
    return forward_pass(*context, hidden, change, {weight, bias, epsilon}, kept);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Gradients found = backward_pass(*context, gradients[0]);
    return {found.hidden, found.change, found.weight, found.bias, at::Tensor(), at::Tensor()};
  }
};

struct FusedNorm : public torch::autograd::Function<FusedNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden,
                            const at::Tensor& weight, const at::Tensor& bias, double epsilon) {
    return forward_pass(*context, hidden, {}, {weight, bias, epsilon}, KeptMask({}, {}));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Gradients found = backward_pass(*context, gradients[0]);
    return {found.hidden, found.weight, found.bias, at::Tensor()};
  }
};

}  // namespace

at::Tensor dropped(const at::Tensor& input, const Ragged& ragged, const Dropout& dropout) {
  return MaskedDropout::apply(input, KeptMask(ragged, dropout));
}

at::Tensor residual_norm(const at::Tensor& hidden, const at::Tensor& change, const Ragged& ragged,
                         const Dropout& dropout, const LayerNorm& norm) {
  return FusedResidualNorm::apply(hidden, change, norm.weight, norm.bias, norm.epsilon,
                                  KeptMask(ragged, dropout));
}

at::Tensor layer_norm(const at::Tensor& hidden, const LayerNorm& norm) {
  return FusedNorm::apply(hidden, norm.weight, norm.bias, norm.epsilon);
}

}  // namespace fastformer::learn::gpu
