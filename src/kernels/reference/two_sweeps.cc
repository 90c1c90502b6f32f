// Every sweep reads a token once and does all that can be done with it while it is at hand.
#include "kernels/reference/two_sweeps.h"

#include <fastformer/error.h>

#include <algorithm>
#include <deque>

#include "kernels/reference/classifier.h"
#include "kernels/reference/composed_attention.h"
#include "kernels/reference/encoder.h"
#include "kernels/reference/local.h"

namespace fastformer::kernels::reference {
namespace {

template <typename T>
Matrix<T> as_row(const T* elements, std::int64_t columns) {
  return Matrix<T>(MatrixView<const T>(elements, 1, columns));
}

// Passes over one document that is changed in place.
template <typename T>
class Sweeps {
 public:
  Sweeps(const ClassifierWeights<T>& weights, const Architecture& architecture, Matrix<T>& x)
      : weights_(weights),
        architecture_(architecture),
        x_(x),
        alpha_(architecture.attention.heads, architecture.width),
        pooled_(1, architecture.width),
        largest_(static_cast<std::size_t>(architecture.width)) {
    for (const LayerWeights<T>& layer : weights.layers) {
      composed_.push_back(compose(layer.attention, architecture.attention.heads));
    }
    for (std::int64_t i = 0; i < x.rows(); ++i) take_for_next(i, 0);
  }

  // The document's tokens as `layer` reads them, summed under beta.
  RunningSummary<T> first_sweep(std::size_t layer, const AffineMap<T>& key_scores) const {
    RunningSummary<T> beta(architecture_.attention.heads, architecture_.width);
    for (std::int64_t i = 0; i < x_.rows(); ++i) {
      const Matrix<T> input = input_of(layer, i);
      beta.add(key_scores(input.row(0)).data(), input.row(0));
    }
    return beta;
  }

  // Rewrites every token, and at once takes its new value into what comes next.
  void second_sweep(std::size_t layer, const AffineMap<T>& output) {
    alpha_ = RunningSummary<T>(architecture_.attention.heads, architecture_.width);
    Neighbourhood neighbourhood(*this, layer);
    for (std::int64_t i = 0; i < x_.rows(); ++i) {
      std::vector<T> change = output(input_of(layer, i).row(0));
      if (architecture_.local != Local::kNone) neighbourhood.add_change(i, change);
      const Matrix<T> changed =
          finish_block(weights_.layers[layer], architecture_, as_row<T>(x_.row(i), x_.columns()),
                       as_row(change.data(), x_.columns()));
      std::copy_n(changed.row(0), x_.columns(), x_.row(i));
      take_for_next(i, layer + 1);
    }
  }

  void run() {
    for (std::size_t layer = 0; layer < weights_.layers.size(); ++layer) {
      const AttentionWeights<T>& attention = weights_.layers[layer].attention;
      const std::vector<T> global_query = composed_global_query(composed_[layer], alpha_);
      const RunningSummary<T> beta = first_sweep(
          layer, composed_key_scores(attention, architecture_.attention.heads, global_query));
      const std::vector<T> global_key = composed_global_key(attention, global_query, beta);
      second_sweep(layer, composed_output(composed_[layer], global_key));
    }
  }

  std::vector<T> pooled() const {
    std::vector<T> document;
    if (architecture_.pooling != Pooling::kMax) {
      document = pooled_.means(kPoolingEpsilon).elements();
    }
    if (architecture_.pooling != Pooling::kAttention) {
      document.insert(document.end(), largest_.begin(), largest_.end());
    }
    return document;
  }

 private:
  // What the local branch reads around a token: those after it are still as the layer found them,
  // those before it are rewritten by now, and were kept.
  class Neighbourhood {
   public:
    Neighbourhood(const Sweeps& sweeps, std::size_t layer) : sweeps_(sweeps), layer_(layer) {}

    // Adds what token i's neighbours do to it; i grows by one from call to call.
    void add_change(std::int64_t i, std::vector<T>& change) {
      const Architecture& architecture = sweeps_.architecture_;
      const std::int64_t reach = architecture.local_width / 2;
      const std::int64_t end = std::min(sweeps_.x_.rows(), i + reach + 1);
      for (; end_ < end; ++end_) inputs_.push_back(sweeps_.input_of(layer_, end_));
      const std::int64_t begin = std::max<std::int64_t>(0, i - reach);
      for (; begin_ < begin; ++begin_) inputs_.pop_front();
      Matrix<T> window(end - begin, architecture.width);
      for (std::int64_t n = 0; n < window.rows(); ++n) {
        std::copy_n(inputs_[static_cast<std::size_t>(n)].row(0), window.columns(), window.row(n));
      }
      const std::vector<T> local = local_change(sweeps_.weights_.layers[layer_].local,
                                                architecture.local, window, i - begin);
      for (std::size_t j = 0; j < change.size(); ++j) change[j] += local[j];
    }

   private:
    const Sweeps& sweeps_;
    std::size_t layer_;
    std::int64_t begin_ = 0, end_ = 0;  // of the tokens in inputs_
    std::deque<Matrix<T>> inputs_;
  };

  Matrix<T> input_of(std::size_t layer, std::int64_t i) const {
    return attention_input(weights_.layers[layer], architecture_,
                           as_row<T>(x_.row(i), x_.columns()));
  }

  // Token i's part in layer `next`'s alpha, or in pooling where no layer is left.
  void take_for_next(std::int64_t i, std::size_t next) {
    if (next < weights_.layers.size()) {
      const Matrix<T> input = input_of(next, i);
      alpha_.add(composed_[next].query_scores(input.row(0)).data(), input.row(0));
    } else {
      const Matrix<T> hidden =
          finish_encoder(weights_, architecture_, as_row<T>(x_.row(i), x_.columns()));
      take_for_pooling(i, hidden);
    }
  }

  void take_for_pooling(std::int64_t i, const Matrix<T>& hidden) {
    if (architecture_.pooling != Pooling::kMax) {
      pooled_.add(pooling_scores(weights_.pooling, hidden).row(0), hidden.row(0));
    }
    for (std::int64_t j = 0; j < hidden.columns(); ++j) {
      T& largest = largest_[static_cast<std::size_t>(j)];
      largest = i == 0 ? hidden(0, j) : std::max(largest, hidden(0, j));
    }
  }

  const ClassifierWeights<T>& weights_;
  const Architecture& architecture_;
  Matrix<T>& x_;
  std::vector<ComposedWeights<T>> composed_;
  RunningSummary<T> alpha_;
  RunningSummary<T> pooled_;
  std::vector<T> largest_;  // of each channel, so far
};

}  // namespace

template <typename T>
std::vector<T> encode_in_two_sweeps(const ClassifierWeights<T>& weights,
                                    const Architecture& architecture,
                                    std::span<const std::int32_t> ids) {
  const AttentionSwitches& switches = architecture.attention;
  if (switches.interaction != Interaction::kProduct || !switches.global_key) {
    throw Error("only attention as published can be composed");
  }
  Matrix<T> x = embed(weights.embedding, architecture, ids);
  Sweeps<T> sweeps(weights, architecture, x);
  sweeps.run();
  return sweeps.pooled();
}

template std::vector<float> encode_in_two_sweeps(const ClassifierWeights<float>&,
                                                 const Architecture&,
                                                 std::span<const std::int32_t>);
template std::vector<double> encode_in_two_sweeps(const ClassifierWeights<double>&,
                                                  const Architecture&,
                                                  std::span<const std::int32_t>);

}  // namespace fastformer::kernels::reference
