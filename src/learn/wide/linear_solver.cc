// Dual coordinate descent over blocks of columns.
#include "learn/wide/linear_solver.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "base/stop_signals.h"

namespace fastformer::learn {
namespace {

constexpr std::size_t kBlock = 16;            // columns that share a pass: a cache line of weights
constexpr std::size_t kPrefetchDistance = 8;  // features

struct RowBlock {
  std::size_t first = 0, rows = 0;
};

// Blocks of whole rows with at least so many values, but for the last.
std::vector<RowBlock> blocks_of(std::span<const std::size_t> offsets, std::size_t values) {
  std::vector<RowBlock> blocks;
  for (std::size_t row = 0; row + 1 < offsets.size(); ++row) {
    if (blocks.empty() || offsets[row] - offsets[blocks.back().first] >= values) {
      blocks.push_back({row, 0});
    }
    ++blocks.back().rows;
  }
  return blocks;
}

// Columns [first, first + Width); those from the end of the problem on are idle.
template <std::size_t Width>
class BlockSolver {
 public:
  BlockSolver(const SparseRows& rows, std::size_t first, std::size_t count)
      : rows_(rows), first_(first), count_(count) {
    weights_.resize(rows.features * Width, 0);
    alpha_.resize(rows.rows() * Width, 0);
    sign_.resize(rows.rows() * Width, -1);
  }

  void label(std::span<const std::vector<std::int32_t>> labels) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      for (std::int32_t label : labels[i]) {
        const auto column = static_cast<std::size_t>(label);
        if (column >= first_ && column < first_ + count_) sign_[i * Width + column - first_] = 1;
      }
    }
  }

  void solve(std::span<const float> row_weights, std::span<const double> squares,
             const SolverOptions& options) {
    std::vector<std::uint32_t> order(rows_.rows());
    std::iota(order.begin(), order.end(), 0);
    std::vector<RowBlock> blocks = blocks_of(rows_.offsets, options.block_values);
    // The same order for all columns, so that threads read about the same blocks at a time.
    Random block_random(options.seed);
    Random random(hash_of({options.seed, first_}));
    const Row positive = diagonals(options.cost, options.positive_weights);
    const Row negative = diagonals(options.cost, options.negative_weights);
    for (int pass = 0; pass < options.passes; ++pass) {
      shuffle(std::span(blocks), block_random);
      low_.fill(std::numeric_limits<float>::infinity());
      high_.fill(-std::numeric_limits<float>::infinity());
      for (const RowBlock& block : blocks) {
        obey_stop_signal();
        const auto of_block = std::span(order).subspan(block.first, block.rows);
        shuffle(of_block, random);
        if (blocks.size() > 1) rows_.read_ahead(block.first, block.first + block.rows);
        for (const std::uint32_t i : of_block) {
          const float share = row_weights.empty() ? 1.0F : 1 / row_weights[i];
          Row diagonal;
          const float* sign = sign_.data() + i * Width;
          for (std::size_t c = 0; c < Width; ++c) {
            diagonal[c] = share * (sign[c] > 0 ? positive[c] : negative[c]);
          }
          visit(i, diagonal, static_cast<float>(squares[i]));
        }
      }
      float widest = 0;
      for (std::size_t c = 0; c < count_; ++c) widest = std::max(widest, high_[c] - low_[c]);
      if (widest <= static_cast<float>(options.tolerance)) break;
    }
  }

  void write(std::size_t columns, LinearModel& model) const {
    for (std::size_t f = 0; f < rows_.features; ++f) {
      std::copy_n(weights_.data() + f * Width, count_, model.weights.data() + f * columns + first_);
    }
    std::copy_n(bias_.data(), count_, model.bias.data() + first_);
  }

 private:
  using Row = std::array<float, Width>;

  // 1 / (2 cost) of every column: what the squared loss adds to the dual's curvature.
  Row diagonals(double cost, std::span<const float> weights) const {
    Row result;
    for (std::size_t c = 0; c < Width; ++c) {
      const bool is_own = !weights.empty() && c < count_;
      result[c] = static_cast<float>(0.5 / (cost * (is_own ? weights[first_ + c] : 1.0F)));
    }
    return result;
  }

  Row score(std::span<const model::FeatureValue> row) const {
    Row sum = bias_;
    for (std::size_t n = 0; n < row.size(); ++n) {
      if (n + kPrefetchDistance < row.size()) {
        __builtin_prefetch(weights_.data() + row[n + kPrefetchDistance].feature * Width, 1);
      }
      const float* weights = weights_.data() + row[n].feature * Width;
      for (std::size_t c = 0; c < Width; ++c) sum[c] += weights[c] * row[n].value;
    }
    return sum;
  }

  // The dual variables of row i, each in its column: a Newton step, kept at 0 or above.
  void visit(std::uint32_t i, const Row& diagonal, float square) {
    const std::span<const model::FeatureValue> row = rows_.row(i);
    const Row scores = score(row);
    float* alpha = alpha_.data() + i * Width;
    const float* sign = sign_.data() + i * Width;
    Row step;
    float largest = 0;
    for (std::size_t c = 0; c < Width; ++c) {
      const float gradient = sign[c] * scores[c] - 1 + diagonal[c] * alpha[c];
      const float projected = alpha[c] == 0 ? std::min(gradient, 0.0F) : gradient;
      low_[c] = std::min(low_[c], projected);
      high_[c] = std::max(high_[c], projected);
      const float after = std::max(alpha[c] - gradient / (square + diagonal[c]), 0.0F);
      step[c] = sign[c] * (after - alpha[c]);
      largest = std::max(largest, step[c] < 0 ? -step[c] : step[c]);
      alpha[c] = after;
    }
    if (largest == 0) return;
    for (const model::FeatureValue& x : row) {
      float* weights = weights_.data() + x.feature * Width;
      for (std::size_t c = 0; c < Width; ++c) weights[c] += step[c] * x.value;
    }
    for (std::size_t c = 0; c < Width; ++c) bias_[c] += step[c];
  }

  const SparseRows& rows_;
  std::size_t first_, count_;
  std::vector<float> weights_;  // [features, Width]
  Row bias_ = {};
  std::vector<float> alpha_, sign_;  // [rows, Width]
  Row low_ = {}, high_ = {};         // of the projected gradients of a pass
};

}  // namespace

LinearModel solve_squared_hinge(const SparseRows& rows,
                                std::span<const std::vector<std::int32_t>> labels,
                                std::size_t columns, std::span<const float> row_weights,
                                const SolverOptions& options, const ParallelFor& parallel_for) {
  std::vector<double> squares(rows.rows(), 1);  // 1: the bias's share
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (const model::FeatureValue& x : rows.row(i)) {
      squares[i] += static_cast<double>(x.value) * x.value;
    }
  }
  LinearModel model;
  model.weights.resize(rows.features * columns);
  model.bias.resize(columns);
  const auto solve_block = [&](auto solver) {
    solver.label(labels);
    solver.solve(row_weights, squares, options);
    solver.write(columns, model);
  };
  const auto blocks = static_cast<std::int64_t>((columns + kBlock - 1) / kBlock);
  parallel_for(blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto block = static_cast<std::size_t>(begin); block < static_cast<std::size_t>(end);
         ++block) {
      const std::size_t first = block * kBlock, count = std::min(kBlock, columns - first);
      if (count == 1) {
        solve_block(BlockSolver<1>(rows, first, count));
      } else if (count <= 8) {
        solve_block(BlockSolver<8>(rows, first, count));
      } else {
        solve_block(BlockSolver<kBlock>(rows, first, count));
      }
    }
  });
  return model;
}

}  // namespace fastformer::learn
