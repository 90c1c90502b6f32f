// The runtime's tanh with its backward pass.
#include "learn/ops/tanh.h"

#include "kernels/panels.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct KernelTanh : public torch::autograd::Function<KernelTanh> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x) {
    at::Tensor y = x.clone(at::MemoryFormat::Contiguous);
    const MatrixView<float> rows = view<float>(y);
    const kernels::Stages& stages = kernels::stages_of(kernels::instruction_set());
    torch_parallel_for()(rows.rows, kernels::kRowTile, [&](std::int64_t begin, std::int64_t end) {
      stages.tanh({rows.row(begin), rows.stride, end - begin, rows.columns});
    });
    context->save_for_backward({y});
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    return {at::tanh_backward(gradients[0], context->get_saved_variables()[0])};
  }
};

}  // namespace

at::Tensor tanh_of(const at::Tensor& x) {
  const bool has_kernel =
      x.is_cpu() && x.scalar_type() == at::kFloat && x.size(1) % kernels::kPanel == 0;
  return has_kernel ? KernelTanh::apply(x) : at::tanh(x);
}

}  // namespace fastformer::learn
