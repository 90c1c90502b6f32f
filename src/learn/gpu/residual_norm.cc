// Dropout, and residual sums with their layer norm, with their backward passes.
#include "cuda/residual_norm.h"

#include <optional>

#include "cuda/chunk_sums.h"
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

cuda::ChangeBias bias_of(const at::Tensor& bias, const Ragged& ragged) {
  if (!bias.defined()) return {};
  const bool is_own = bias.dim() == 2;
  return {floats_of(bias), is_own ? ragged.document_of.const_data_ptr<std::int64_t>() : nullptr};
}

// The norm of hidden and, if it is given, the change; what backward needs is saved.
at::Tensor forward_pass(AutogradContext& context, const at::Tensor& hidden_in,
                        const at::Tensor& change_in, const cuda::ChangeBias& change_bias,
                        const LayerNorm& layer, const KeptMask& kept) {
  const at::Tensor hidden = hidden_in.contiguous();
  enter(hidden);
  cuda::ResidualNorm norm = norm_of(layer.weight, kept);
  norm.bias = floats_of(layer.bias);
  norm.epsilon = static_cast<float>(layer.epsilon);
  norm.change_bias = change_bias;
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
  at::Tensor hidden, change;
  at::Tensor partial;  // [blocks, sums, width] (cuda/residual_norm.h)
};

// The blocks are those of `chunks`, if there are any.
Gradients backward_pass(AutogradContext& context, const at::Tensor& upstream_in,
                        const cuda::Chunks& chunks, int sums) {
  const variable_list saved = context.get_saved_variables();
  const KeptMask kept(context);
  const at::Tensor upstream = upstream_in.contiguous();
  enter(upstream);
  const std::int64_t blocks = chunks.count > 0 ? chunks.count : cuda::norm_blocks(upstream.size(0));
  at::Tensor partial = at::empty({blocks, sums, upstream.size(1)}, float_like(upstream));
  at::Tensor hidden = at::empty_like(upstream), change = hidden;
  if (kept.drops()) change = at::empty_like(upstream);
  cuda::residual_norm_backward(
      norm_of(saved[2], kept),
      {matrix_of(upstream), saved[0].const_data_ptr(), floats_of(saved[1]),
       hidden.mutable_data_ptr(), change.mutable_data_ptr(), chunks, sums, floats_to(partial)});
  return {hidden, change, partial};
}

// Of each document the sums over its chunks: [documents, sums, width].
at::Tensor document_sums(const at::Tensor& partial, const Layout& layout) {
  at::Tensor sums =
      at::empty({layout.documents(), partial.size(1), partial.size(2)}, partial.options());
  cuda::ChunkSums of_chunks;
  of_chunks.partial = floats_of(partial);
  of_chunks.rows = of_chunks.heads = partial.size(1);
  of_chunks.width = partial.size(2);
  of_chunks.sums = matrix_of(sums.view({-1, partial.size(2)}));
  cuda::sum_chunks(layout.chunks(), of_chunks);
  return sums;
}

struct FusedResidualNorm : public torch::autograd::Function<FusedResidualNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden,
                            const at::Tensor& change, const std::optional<at::Tensor>& bias_in,
                            const at::Tensor& weight, const at::Tensor& norm_bias, double epsilon,
                            const Ragged& ragged, const KeptMask& kept) {
    const at::Tensor bias = bias_in ? bias_in->contiguous() : at::Tensor();
    context->saved_data["bias_rows"] = bias.defined() ? bias.dim() : 0;
    if (bias.defined() && bias.dim() == 2) ragged.layout.save(*context);
    return forward_pass(*context, hidden, change, bias_of(bias, ragged),
                        {weight, norm_bias, epsilon}, kept);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const std::int64_t bias_rows = context->saved_data["bias_rows"].toInt();
    const int sums = bias_rows > 0 ? 3 : 2;
    at::Tensor of_bias, totals;
    Gradients found;
    if (bias_rows == 2) {
      const Layout layout(*context);
      found = backward_pass(*context, gradients[0], layout.chunks(), sums);
      const at::Tensor of_documents = document_sums(found.partial, layout);
      of_bias = of_documents.select(1, 2);
      totals = of_documents.sum(0);
    } else {
      found = backward_pass(*context, gradients[0], {}, sums);
      totals = found.partial.sum(0);
      if (bias_rows == 1) of_bias = totals[2];
    }
    return {found.hidden, found.change, of_bias,      totals[0],
            totals[1],    at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

struct FusedNorm : public torch::autograd::Function<FusedNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden,
                            const at::Tensor& weight, const at::Tensor& bias, double epsilon) {
    return forward_pass(*context, hidden, {}, {}, {weight, bias, epsilon}, KeptMask({}, {}));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Gradients found = backward_pass(*context, gradients[0], {}, 2);
    const at::Tensor totals = found.partial.sum(0);
    return {found.hidden, totals[0], totals[1], at::Tensor()};
  }
};

}  // namespace

at::Tensor dropped(const at::Tensor& input, const Ragged& ragged, const Dropout& dropout) {
  return MaskedDropout::apply(input, KeptMask(ragged, dropout));
}

at::Tensor residual_norm(const at::Tensor& hidden, const Biased& change, const Ragged& ragged,
                         const Dropout& dropout, const LayerNorm& norm) {
  const auto bias = change.bias.defined() ? std::optional(change.bias) : std::nullopt;
  return FusedResidualNorm::apply(hidden, change.rows, bias, norm.weight, norm.bias, norm.epsilon,
                                  ragged, KeptMask(ragged, dropout));
}

at::Tensor layer_norm(const at::Tensor& hidden, const LayerNorm& norm) {
  return FusedNorm::apply(hidden, norm.weight, norm.bias, norm.epsilon);
}

}  // namespace fastformer::learn::gpu
