// What happens between the sweeps: global query and key, and the maps that follow from them.
#include "kernels/map_panel.h"
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
  if (!plan.options.global_key) return;
  const Affine& offset = plan.key_score_offset;
  stages_.row_dots({offset.weight.elements.data(), offset.weight.stride, heads, width_, query, 0, 1,
                    offset.bias.data(), memory_.key_score_offset.data()});
  if (plan.options.interaction != Interaction::kProduct) return;
  for (std::int64_t panel = 0; panel < padded(heads); panel += kPanel) {
    stages_.scale({plan.key_directions.panels.data() + panel * width_, kPanel, width_, kPanel,
                   query, true, memory_.directions.panels.data() + panel * width_, kPanel});
  }
  plan_.multipliers.maps.convert(memory_.directions);
  Destination to;
  to.start = plan_.zeros.data();
  to.y = memory_.key_scores.panels.data();
  to.y_row = kPanel;
  to.y_panel = width_ * kPanel;
  plan_.multipliers.maps.multiply(plan.key_operand, memory_.directions, to);
  plan_.multipliers.tokens.convert(memory_.key_scores);
}

// K, and from it M and m.
void DocumentRun::find_global_key() {
  const AttentionPlan& plan = attention();
  if (plan.options.global_key) {
    sum_global_key();
  } else {
    std::copy_n(memory_.global_query.data(), width_, memory_.global_key.data());
  }
  const bool is_product = plan.options.interaction == Interaction::kProduct;
  if (is_product && output_form() == OutputForm::kQueryMap) {
    make_query_map();
    return;
  }
  const float* key = memory_.global_key.data();
  const Affine& offset = plan.output_offset;
  stages_.row_dots({offset.weight.elements.data(), offset.weight.stride, width_, width_, key, 0, 1,
                    offset.bias.data(), memory_.output_offset.data()});
  if (is_product && output_form() == OutputForm::kComposed) compose_output();
}

// C1 diag(K) + Wo.
void DocumentRun::make_query_map() {
  const AttentionPlan& plan = attention();
  for (std::int64_t panel = 0; panel < stride_; panel += kPanel) {
    const std::int64_t at = panel * width_;
    kernels::make_map_panel(plan.output_transform.panels.data() + at,
                            plan.query_output.panels.data() + at, memory_.global_key.data(), width_,
                            memory_.output.panels.data() + at);
  }
  plan_.multipliers.tokens.convert(memory_.output);
}

void DocumentRun::sum_global_key() {
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
}

// M = C1 diag(K) Wv + C2, its columns in parallel.
void DocumentRun::compose_output() {
  constexpr std::int64_t kColumns = 48;
  const auto body = [this](std::int64_t begin, std::int64_t end) {
    const AttentionPlan& plan = attention();
    const kernels::Rows values{memory_.values.data() + begin * stride_, stride_, end - begin,
                               width_};
    stages_.scale({plan.value_transposed.row(begin), stride_, values.rows, width_,
                   memory_.global_key.data(), false, values.x, stride_});
    Destination to;
    to.start = plan.output_query.panels.data() + begin * kPanel;
    to.y = memory_.output.panels.data() + begin * kPanel;
    to.start_row = to.y_row = kPanel;
    to.start_panel = to.y_panel = width_ * kPanel;
    const Multiplier& maps = plan_.multipliers.maps;
    std::uint32_t* room = memory_.value_rows.data() + maps.room(begin, width_);
    maps.multiply(maps.operand(values, room), plan.output_transform, to);
  };
  parallel_for_(width_, kColumns, body);
  plan_.multipliers.tokens.convert(memory_.output);
}

}  // namespace fastformer::runtime
