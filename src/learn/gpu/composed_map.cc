// A matrix for every document, made by one product of all, and documents multiplied with theirs in
// groups.
#include <algorithm>
#include <numeric>

#include "learn/gpu/operations.h"
#include "learn/gpu/tensors.h"
#include "learn/ops/product.h"

namespace fastformer::learn::gpu {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The tokens of each document, for libtorch's products of a group at a time.
class Groups {
 public:
  explicit Groups(const Layout& layout) : layout_(layout) {}

  // Each document's rows times its matrix: [tokens, width] by [documents, width, width].
  at::Tensor multiply(const at::Tensor& rows, const at::Tensor& matrices) const {
    const std::int64_t length = layout_.common_length();
    if (length > 0) return at::bmm(by_document(rows), matrices).view_as(rows);
    if (rows.scalar_type() != at::kBFloat16) return one_by_one(rows, matrices);
    std::vector<at::Tensor> products;
    for (const Slice& slice : slices()) {
      products.push_back(at::_grouped_mm(slice.of(rows), slice.own(matrices), slice.ends));
    }
    return products.size() == 1 ? products[0] : at::cat(products);
  }

  // Of each document the transposed rows `left` times the rows `right`: [documents, width, width].
  at::Tensor outer(const at::Tensor& left, const at::Tensor& right) const {
    if (layout_.common_length() > 0) {
      return at::bmm(by_document(left).transpose(1, 2), by_document(right));
    }
    if (left.scalar_type() == at::kBFloat16) {
      std::vector<at::Tensor> products;
      for (const Slice& slice : slices()) {
        products.push_back(at::_grouped_mm(slice.of(left).t(), slice.of(right), slice.ends));
      }
      return products.size() == 1 ? products[0] : at::cat(products);
    }
    const std::int64_t width = left.size(1);
    at::Tensor products = at::empty({layout_.documents(), width, width}, left.options());
    const std::vector<at::Tensor> lefts = parts(left), rights = parts(right);
    for (std::size_t b = 0; b < lefts.size(); ++b) {
      at::Tensor product = products[static_cast<std::int64_t>(b)];
      at::mm_out(product, lefts[b].t(), rights[b]);
    }
    return products;
  }

 private:
  // Documents that libtorch multiplies at once: fewer than 1,024.
  struct Slice {
    std::int64_t document, documents, token, tokens;
    at::Tensor ends;

    at::Tensor of(const at::Tensor& rows) const { return rows.narrow(0, token, tokens); }
    at::Tensor own(const at::Tensor& matrices) const {
      return matrices.narrow(0, document, documents);
    }
  };

  std::vector<Slice> slices() const {
    constexpr std::int64_t kMost = 1023;
    const std::vector<std::int64_t>& lengths = layout_.lengths();
    std::vector<Slice> slices;
    std::int64_t token = 0;
    for (std::int64_t first = 0; first < layout_.documents(); first += kMost) {
      Slice slice = {first, std::min(kMost, layout_.documents() - first), token, 0, {}};
      const auto begin = lengths.begin() + first;
      slice.tokens = std::accumulate(begin, begin + slice.documents, std::int64_t{0});
      slice.ends = layout_.ends().narrow(0, first, slice.documents);
      if (token > 0) slice.ends = slice.ends - token;
      token += slice.tokens;
      slices.push_back(slice);
    }
    return slices;
  }

  at::Tensor by_document(const at::Tensor& rows) const {
    return rows.view({layout_.documents(), layout_.common_length(), rows.size(1)});
  }

  std::vector<at::Tensor> parts(const at::Tensor& rows) const {
    return rows.split_with_sizes(layout_.lengths());
  }

  at::Tensor one_by_one(const at::Tensor& rows, const at::Tensor& matrices) const {
    at::Tensor products = at::empty_like(rows);
    const std::vector<at::Tensor> from = parts(rows), own = matrices.unbind(0);
    const std::vector<at::Tensor> to = parts(products);
    for (std::size_t b = 0; b < from.size(); ++b) {
      at::Tensor product = to[b];
      at::mm_out(product, from[b], own[b]);
    }
    return products;
  }

  const Layout& layout_;
};

struct ComposedMap : public torch::autograd::Function<ComposedMap> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x_in,
                            const at::Tensor& keys, const at::Tensor& spread_in,
                            const at::Tensor& query_in, const at::Tensor& straight,
                            const Layout& layout, at::ScalarType products) {
    const at::Tensor x = x_in.to(products).contiguous();
    const at::Tensor spread = spread_in.to(products), query = query_in.to(products);
    const at::Tensor scaled = spread * keys.to(products).unsqueeze(1);  // [documents, width, width]
    const at::Tensor matrices =
        at::mm(scaled.flatten(0, 1), query).view_as(scaled).add_(straight.to(products));
    const at::Tensor y = Groups(layout).multiply(x, matrices.transpose(1, 2));
    context->save_for_backward({x, keys, spread, query, scaled, matrices});
    layout.save(*context);
    context->saved_data["type"] = x_in.scalar_type();
    return y.to(x_in.scalar_type());
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &keys = saved[1], &spread = saved[2], &query = saved[3];
    const Layout layout(*context);
    const Groups groups(layout);
    const at::Tensor upstream = gradients[0].to(x.scalar_type()).contiguous();
    const at::Tensor of_x = groups.multiply(upstream, saved[5]);
    const at::Tensor of_matrices = groups.outer(upstream, x).flatten(0, 1);
    const at::Tensor of_scaled = at::mm(of_matrices, query.t()).view_as(saved[4]);
    return {of_x.to(context->saved_data["type"].toScalarType()),
            (of_scaled * spread).sum(1, false, at::kFloat),
            (of_scaled * keys.to(x.scalar_type()).unsqueeze(1)).sum(0, false, at::kFloat),
            wide_product(saved[4].flatten(0, 1).t(), of_matrices, at::kFloat),
            of_matrices.view_as(saved[4]).sum(0, false, at::kFloat),
            at::Tensor(),
            at::Tensor()};
  }
};

}  // namespace

at::Tensor composed_map(const at::Tensor& x, const at::Tensor& keys, const MapWeights& weights,
                        const Ragged& ragged, at::ScalarType products) {
  return ComposedMap::apply(x, keys, weights.spread, weights.query, weights.straight, ragged.layout,
                            products);
}

}  // namespace fastformer::learn::gpu
