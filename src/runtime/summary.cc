// Adds up tiles and chunks.
#include "runtime/summary.h"

#include <algorithm>
#include <limits>

#include "kernels/additive_pooling.h"
#include "kernels/exponential.h"

namespace fastformer::runtime {

void Summary::require(std::int64_t chunks, std::int64_t heads, std::int64_t width, bool is_short) {
  is_short_ = is_short;
  heads_ = heads;
  heads_stride_ = kernels::padded(heads);
  width_ = width;
  stride_ = kernels::padded(width);
  largest_.require(chunks * heads_stride_);
  total_.require(chunks * heads_stride_);
  sums_.require(chunks * heads * stride_);
}

void Summary::begin(std::int64_t chunk) {
  std::fill_n(largest(chunk), heads_stride_, std::numeric_limits<float>::lowest());
  std::fill_n(total(chunk), heads_stride_, 0.0F);
  std::fill_n(sums(chunk), heads_ * stride_, 0.0F);
}

void Summary::add(const kernels::Stages& stages, std::int64_t chunk, const kernels::Rows& x,
                  const kernels::Pair* pairs, const kernels::Rows& scores, float* shrink) {
  kernels::SoftmaxStep step;
  step.scores = scores.x;
  step.stride = scores.stride;
  step.tokens = x.rows;
  step.heads = heads_;
  step.largest = largest(chunk);
  step.total = total(chunk);
  step.shrink = shrink;
  stages.softmax_step(step);
  kernels::WeightedSum sum;
  sum.weights = scores.x;
  sum.weights_stride = scores.stride;
  sum.shrink = shrink;
  sum.tokens = x.rows;
  sum.heads = heads_;
  sum.width = width_;
  sum.x = x.x;
  sum.x_stride = x.stride;
  sum.sums = sums(chunk);
  sum.sums_stride = stride_;
  sum.pairs = pairs;
  sum.pairs_stride = stride_ / 2;
  (is_short_ ? stages.short_weighted_sum : stages.weighted_sum)(sum);
}

// Adds a chunk to the first.
void Summary::merge(std::int64_t chunk) {
  for (std::int64_t h = 0; h < heads_; ++h) {
    const float most = std::max(largest(0)[h], largest(chunk)[h]);
    const float here = kernels::exponential(largest(0)[h] - most);
    const float there = kernels::exponential(largest(chunk)[h] - most);
    largest(0)[h] = most;
    total(0)[h] = here * total(0)[h] + there * total(chunk)[h];
    float* sum = sums(0) + h * stride_;
    const float* more = sums(chunk) + h * stride_;
    for (std::int64_t j = 0; j < width_; ++j) sum[j] = here * sum[j] + there * more[j];
  }
}

const float* Summary::means(std::int64_t chunks, double epsilon) {
  for (std::int64_t chunk = 1; chunk < chunks; ++chunk) merge(chunk);
  for (std::int64_t h = 0; h < heads_; ++h) {
    const float factor = 1 / (total(0)[h] + kernels::shifted_epsilon(epsilon, largest(0)[h]));
    float* sum = sums(0) + h * stride_;
    for (std::int64_t j = 0; j < width_; ++j) sum[j] *= factor;
  }
  return sums(0);
}

}  // namespace fastformer::runtime
