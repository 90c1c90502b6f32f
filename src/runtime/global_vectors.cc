// What happens between the sweeps: global query and key, and the maps that follow from them.
#include "runtime/document_run.h"

namespace fastformer::runtime {

using kernels::kPanel;
using kernels::padded;

// Q, and from it the beta scores' map.
void DocumentRun::find_global_query() {
  const AttentionPlan& plan = attention();
  const std::int64_t heads = plan_.options.heads;
  float* query = memory_.global_query.data();
  stages_.row_dots({plan.query.weight.elements.data(), plan.query.weight.stride, width_, width_,
                    memory_.alpha.means(chunks_of(length_)), memory_.alpha.stride(), width_ / heads,
                    plan.query.bias.data(), query});
  const Affine& offset = plan.key_score_offset;
  stages_.row_dots({offset.weight.elements.data(), offset.weight.stride, heads, width_, query, 0, 1,
                    offset.bias.data(), memory_.key_score_offset.data()});
  if (plan.options.interaction != Interaction::kProduct) return;
  for (std::int64_t panel = 0; panel < padded(heads); panel += kPanel) {
    stages_.scale({plan.key_directions.panels.data() + panel * width_, kPanel, width_, kPanel,
                   query, true, memory_.directions.data() + panel * width_, kPanel});
  }
  kernels::Product product;
  product.x = plan.key_transposed.elements.data();
  product.x_stride = plan.key_transposed.stride;
  product.rows = product.inputs = width_;
  product.panels = memory_.directions.data();
  product.outputs = heads;
  product.start = plan_.zeros.data();
  product.y = memory_.key_scores.data();
  product.y_row = kPanel;
  product.y_panel = width_ * kPanel;
  stages_.product(product);
}

// K, and from it M and m.
void DocumentRun::find_global_key() {
  const AttentionPlan& plan = attention();
  float* key = memory_.global_key.data();
  const float* query = memory_.global_query.data();
  stages_.row_dots({plan.key.weight.elements.data(), plan.key.weight.stride, width_, width_,
                    memory_.beta.means(chunks_of(length_)), memory_.beta.stride(),
                    width_ / plan_.options.heads, plan.key.bias.data(), key});
  switch (plan.options.interaction) {
    case Interaction::kProduct:
      for (std::int64_t j = 0; j < width_; ++j) key[j] *= query[j];
      break;
    case Interaction::kSum:
      for (std::int64_t j = 0; j < width_; ++j) key[j] += query[j];
      break;
    case Interaction::kConcatenation:
      stages_.row_dots({plan.key_of_query.elements.data(), plan.key_of_query.stride, width_, width_,
                        query, 0, 1, key, key});
      break;
  }
  const Affine& offset = plan.output_offset;
  stages_.row_dots({offset.weight.elements.data(), offset.weight.stride, width_, width_, key, 0, 1,
                    offset.bias.data(), memory_.output_offset.data()});
  if (plan.options.interaction == Interaction::kProduct && composes()) compose_output();
}

// M = C1 diag(K) Wv + C2, its columns in parallel.
void DocumentRun::compose_output() {
  constexpr std::int64_t kColumns = 48;
  const auto body = [this](std::int64_t begin, std::int64_t end) {
    const AttentionPlan& plan = attention();
    float* values = memory_.values.data() + begin * stride_;
    stages_.scale({plan.value_transposed.row(begin), stride_, end - begin, width_,
                   memory_.global_key.data(), false, values, stride_});
    kernels::Product product = plan.output_transform.product();
    product.x = values;
    product.x_stride = stride_;
    product.rows = end - begin;
    product.start = plan.output_query.panels.data() + begin * kPanel;
    product.y = memory_.output.data() + begin * kPanel;
    product.start_row = product.y_row = kPanel;
    product.start_panel = product.y_panel = width_ * kPanel;
    stages_.product(product);
  };
  parallel_for_(width_, kColumns, body);
}

}  // namespace fastformer::runtime
