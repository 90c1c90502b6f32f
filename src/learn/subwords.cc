// Lookup of words that are made of subwords, forward and backward.
#include "learn/subwords.h"

#include <algorithm>
#include <utility>

#include "kernels/row_gather.h"
#include "kernels/subword_mean.h"
#include "learn/device.h"
#include "learn/ops/embedding.h"
#include "learn/ops/views.h"
#include "learn/ragged.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

kernels::SubwordRows rows_in(const text::SubwordLists& lists) {
  return {lists.offsets, lists.rows};
}

// What backward needs of a lookup beside the tables.
struct LookupPlan : torch::CustomClassHolder {
  std::shared_ptr<const text::SubwordLists> lists;
  kernels::Grouping words;  // of the tokens' ids
};

template <typename T>
variable_list gradients_of(const LookupPlan& plan, const at::Tensor& upstream, std::int64_t words,
                           std::int64_t rows) {
  const std::int64_t width = upstream.size(1);
  const kernels::SubwordRows subwords = rows_in(*plan.lists);
  at::Tensor of_words = at::empty({plan.words.groups(), width}, upstream.options());
  kernels::sum_groups<T>(plan.words, const_view<T>(upstream), view<T>(of_words),
                         torch_parallel_for());
  const kernels::Grouping grouping = kernels::group_subwords(subwords, plan.words.values);
  at::Tensor of_rows = at::empty({grouping.groups(), width}, upstream.options());
  kernels::subword_means_backward<T>(subwords, plan.words.values, grouping, const_view<T>(of_words),
                                     view<T>(of_rows), torch_parallel_for());
  return {sparse_rows(plan.words.values, of_words, words),
          sparse_rows(grouping.values, of_rows, rows)};
}

struct SubwordLookup : public torch::autograd::Function<SubwordLookup> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& words,
                            const at::Tensor& table, c10::intrusive_ptr<LookupPlan> plan) {
    const std::vector<std::int64_t>& distinct = plan->words.values;
    at::Tensor vectors = words.index_select(0, at::tensor(distinct, at::kLong));
    AT_DISPATCH_FLOATING_TYPES(words.scalar_type(), "subword_lookup", [&] {
      kernels::add_subword_means<scalar_t>(rows_in(*plan->lists), distinct,
                                           const_view<scalar_t>(table), view<scalar_t>(vectors),
                                           torch_parallel_for());
    });
    context->saved_data["words"] = words.size(0);
    context->saved_data["rows"] = table.size(0);
    const at::Tensor index = at::tensor(plan->words.group_of, at::kInt);
    context->saved_data["plan"] = c10::IValue::make_capsule(std::move(plan));
    return vectors.index_select(0, index);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto capsule = context->saved_data["plan"].toCapsule();
    const auto& plan = static_cast<const LookupPlan&>(*capsule);
    const at::Tensor upstream = gradients[0].contiguous();
    const std::int64_t words = context->saved_data["words"].toInt();
    const std::int64_t rows = context->saved_data["rows"].toInt();
    variable_list found;
    AT_DISPATCH_FLOATING_TYPES(upstream.scalar_type(), "subword_lookup_backward", [&] {
      found = gradients_of<scalar_t>(plan, upstream, words, rows);
    });
    found.emplace_back();
    return found;
  }
};

}  // namespace

Subwords::Subwords(text::SubwordLists lists, std::int64_t rows, Parameters& parameters,
                   std::uint64_t seed)
    : lists_(std::make_shared<const text::SubwordLists>(std::move(lists))) {
  const at::Tensor& words = parameters.at("embedding.word.weight");
  const model::TensorSpec spec = {kTable, {rows, words.size(1)}, model::Initial::kNormal};
  table_ = fresh_tensor(spec, seed, words.scalar_type(), words.device());
  parameters.add(kTable, table_);
}

at::Tensor Subwords::lookup(const at::Tensor& words, const at::Tensor& ids,
                            TableGradient gradient) const {
  if (!words.is_cpu() || gradient == TableGradient::kAll) {
    return lookup_by_aten(words, ids, gradient);
  }
  const at::Tensor listed = ids.contiguous();
  check_ids(listed, words.size(0));
  auto plan = c10::make_intrusive<LookupPlan>();
  plan->lists = lists_;
  plan->words = kernels::group_equal(ids_of(listed));
  return SubwordLookup::apply(words, table_, std::move(plan));
}

at::Tensor Subwords::lookup_by_aten(const at::Tensor& words, const at::Tensor& ids,
                                    TableGradient gradient) const {
  const at::Tensor listed = ids.contiguous();
  check_ids(listed, words.size(0));
  const kernels::Grouping grouping = kernels::group_equal(ids_of(listed));
  std::vector<std::int64_t> rows, lengths;
  for (const std::int64_t word : grouping.values) {
    const std::span<const std::int32_t> own = rows_in(*lists_).of(word);
    rows.insert(rows.end(), own.begin(), own.end());
    lengths.push_back(static_cast<std::int64_t>(own.size()));
  }
  const auto sent = [&](const auto& numbers) {
    return on_device(at::tensor(numbers, at::kLong), words.device());
  };
  const at::Tensor parts = learn::lookup(table_, sent(rows), gradient);
  const at::Tensor means = at::segment_reduce(parts, "mean", sent(lengths), {}, {}, /*axis=*/0,
                                              /*unsafe=*/true, /*initial=*/0);
  const at::Tensor vectors = learn::lookup(words, sent(grouping.values), gradient) + means;
  return learn::lookup(vectors, sent(grouping.group_of), TableGradient::kAll);
}

std::vector<std::int64_t> Subwords::rows_of(std::span<const std::int64_t> ids) const {
  return kernels::group_subwords(rows_in(*lists_), ids).values;
}

void Subwords::fold(Parameters& parameters) const {
  const at::NoGradGuard no_gradients;
  const at::Tensor& words = parameters.at("embedding.word.weight");
  // A part at a time, so that no second table is made.
  constexpr std::int64_t kPart = 4096;
  for (std::int64_t begin = 0; begin < words.size(0); begin += kPart) {
    const std::int64_t end = std::min(begin + kPart, words.size(0));
    const at::Tensor ids = at::arange(begin, end, at::kLong);
    words.slice(0, begin, end).copy_(lookup(words, ids));
  }
  parameters.remove(kTable);
}

void Subwords::unfold(Parameters& parameters) const { parameters.add(kTable, table_); }

}  // namespace fastformer::learn
