// Adam and running averages: rows that wait against the same done at every step.
#include "learn/training/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "learn/training/schedule.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

constexpr const char* kTable = "embedding.t";
constexpr std::int64_t kRows = 8, kWidth = 4;

struct RowStep {
  std::vector<std::int64_t> rows;
  at::Tensor gradient;  // [rows, width]
  double rate = 0;
};

// A run of steps: row 7 is never touched, row 6 once; the others at random.
std::vector<RowStep> row_steps(int count) {
  std::vector<RowStep> steps;
  TrainingOptions options;
  options.learning_rate = 0.01;
  Random random(3);
  for (int number = 0; number < count; ++number) {
    RowStep step;
    for (std::int64_t row = 0; row < 6; ++row) {
      if (random.uniform() < 0.02 + 0.1 * static_cast<double>(row)) step.rows.push_back(row);
    }
    if (number == 50) step.rows.push_back(6);
    step.gradient = at::empty({static_cast<std::int64_t>(step.rows.size()), kWidth}, at::kDouble);
    for (std::int64_t i = 0; i < step.gradient.numel(); ++i) {
      step.gradient.mutable_data_ptr<double>()[i] = 0.5 + random.normal();
    }
    step.rate = learning_rate_at(options, number, count);
    steps.push_back(step);
  }
  return steps;
}

Parameters one_table() {
  return Parameters({{kTable, {kRows, kWidth}, model::Initial::kNormal}}, 1, at::kDouble);
}

at::Tensor sparse_gradient(const RowStep& step) {
  return at::_sparse_coo_tensor_unsafe(at::tensor(step.rows, at::kLong).unsqueeze(0), step.gradient,
                                       {kRows, kWidth}, step.gradient.options().layout(at::kSparse),
                                       true);
}

at::Tensor values_of(const Parameters& parameters) {
  return parameters.at(kTable).detach().clone();
}

TEST(OptimizerTest, SparseRowsEqualDenseAdamAndItsAverage) {
  for (OptimizerKind kind : {OptimizerKind::kAdam, OptimizerKind::kAdamW}) {
    TrainingOptions options;
    options.optimizer = kind;
    options.weight_decay = 0.1;
    options.average = 0.97;
    Parameters dense = one_table(), sparse = one_table();
    Optimizer dense_optimizer(dense, options), sparse_optimizer(sparse, options);
    const at::Tensor start = values_of(sparse);
    for (const RowStep& step : row_steps(400)) {
      const at::Tensor index = at::tensor(step.rows, at::kLong);
      const std::vector<UsedRows> used = {{kTable, step.rows}};
      sparse_optimizer.prepare(used);
      if (!step.rows.empty()) {
        EXPECT_LT(difference(values_of(dense).index_select(0, index),
                             values_of(sparse).index_select(0, index)),
                  1e-6);
      }
      dense.at(kTable).mutable_grad() = sparse_gradient(step).to_dense();
      sparse.at(kTable).mutable_grad() = sparse_gradient(step);
      dense_optimizer.step(step.rate);
      sparse_optimizer.step(step.rate);
    }
    sparse_optimizer.settle();
    EXPECT_LT(difference(values_of(dense), values_of(sparse)), 1e-6);
    EXPECT_LT(difference(dense_optimizer.averages()[0], sparse_optimizer.averages()[0]), 1e-6);
    EXPECT_GT(difference(start[6], values_of(sparse)[6]), 0.05);
    EXPECT_EQ(difference(start[7], values_of(sparse)[7]), 0);
    EXPECT_LT(difference(start[7], sparse_optimizer.averages()[0][7]), 1e-15);
  }
}

TEST(OptimizerTest, LazyRowsAreAdamOnTheStepsThatTouchThem) {
  TrainingOptions options;
  options.embedding_update = EmbeddingUpdate::kLazy;
  Parameters parameters = one_table();
  Optimizer optimizer(parameters, options);
  at::Tensor expected = values_of(parameters);
  at::Tensor mean = at::zeros_like(expected), square = at::zeros_like(expected);
  int number = 0;
  for (const RowStep& step : row_steps(100)) {
    ++number;
    for (std::size_t i = 0; i < step.rows.size(); ++i) {
      const std::int64_t row = step.rows[i];
      const at::Tensor gradient = step.gradient[static_cast<std::int64_t>(i)];
      mean[row] = options.beta1 * mean[row] + (1 - options.beta1) * gradient;
      square[row] = options.beta2 * square[row] + (1 - options.beta2) * gradient * gradient;
      const at::Tensor unbiased = mean[row] / (1 - std::pow(options.beta1, number));
      const at::Tensor root = (square[row] / (1 - std::pow(options.beta2, number))).sqrt();
      expected[row] -= step.rate * unbiased / (root + options.adam_epsilon);
    }
    parameters.at(kTable).mutable_grad() = sparse_gradient(step);
    optimizer.step(step.rate);
    EXPECT_LT(difference(expected, values_of(parameters)), 1e-12);
  }
  optimizer.settle();
  EXPECT_LT(difference(expected, values_of(parameters)), 1e-12);
}

TEST(OptimizerTest, TheAverageIsThatOfTheValuesAfterEachStep) {
  for (EmbeddingUpdate update : {EmbeddingUpdate::kDense, EmbeddingUpdate::kLazy}) {
    TrainingOptions options;
    options.embedding_update = update;
    options.average = 0.9;
    Parameters parameters = one_table();
    Optimizer optimizer(parameters, options);
    at::Tensor sum = at::zeros({kRows, kWidth}, at::kDouble);
    double weights = 0;
    for (const RowStep& step : row_steps(60)) {
      parameters.at(kTable).mutable_grad() = sparse_gradient(step);
      optimizer.step(step.rate);
      optimizer.settle();
      sum = options.average * sum + values_of(parameters);
      weights = options.average * weights + 1;
      EXPECT_LT(difference(sum / weights, optimizer.averages()[0]), 1e-12);
    }
  }
}

// A table whose first gradient comes late has been averaged like any other tensor until then.
TEST(OptimizerTest, ATableMayBeginLate) {
  TrainingOptions options;
  options.average = 0.9;
  Parameters early = one_table(), late = one_table();
  Optimizer early_optimizer(early, options), late_optimizer(late, options);
  std::vector<RowStep> steps = row_steps(80);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (i < 30) {
      steps[i].rows.clear();
      steps[i].gradient = at::empty({0, kWidth}, at::kDouble);
    }
    early.at(kTable).mutable_grad() = sparse_gradient(steps[i]);
    if (i >= 30) late.at(kTable).mutable_grad() = sparse_gradient(steps[i]);
    early_optimizer.step(steps[i].rate);
    late_optimizer.step(steps[i].rate);
  }
  early_optimizer.settle();
  late_optimizer.settle();
  EXPECT_LT(difference(values_of(early), values_of(late)), 1e-14);
  EXPECT_LT(difference(early_optimizer.averages()[0], late_optimizer.averages()[0]), 1e-14);
}

// Dense steps among sparse ones are steps like them.
TEST(OptimizerTest, ATableMayChangeItsGradient) {
  TrainingOptions options;
  options.average = 0.9;
  Parameters dense = one_table(), mixed = one_table();
  Optimizer dense_optimizer(dense, options), mixed_optimizer(mixed, options);
  const std::vector<RowStep> steps = row_steps(200);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool sparse = i / 50 % 2 == 0;
    EXPECT_EQ(mixed_optimizer.prepares(), i > 0 && (i - 1) / 50 % 2 == 0);
    dense.at(kTable).mutable_grad() = sparse_gradient(steps[i]).to_dense();
    mixed.at(kTable).mutable_grad() =
        sparse ? sparse_gradient(steps[i]) : sparse_gradient(steps[i]).to_dense();
    dense_optimizer.step(steps[i].rate);
    mixed_optimizer.step(steps[i].rate);
  }
  mixed_optimizer.settle();
  EXPECT_LT(difference(values_of(dense), values_of(mixed)), 1e-6);
  EXPECT_LT(difference(dense_optimizer.averages()[0], mixed_optimizer.averages()[0]), 1e-6);
}

// Tensors that share a call are updated as if each were alone; one without a gradient rests.
TEST(OptimizerTest, TensorsDoNotSeeEachOther) {
  const std::vector<model::TensorSpec> schema = {{"w", {3, 4}, model::Initial::kNormal},
                                                 {"still", {2, 2}, model::Initial::kNormal},
                                                 {"bias", {5}, model::Initial::kNormal},
                                                 {"v", {2, 6}, model::Initial::kNormal},
                                                 {kTable, {4, 2}, model::Initial::kNormal}};
  for (OptimizerKind kind : {OptimizerKind::kAdam, OptimizerKind::kAdamW}) {
    TrainingOptions options;
    options.optimizer = kind;
    options.weight_decay = 0.1;
    options.average = 0.9;
    Parameters together(schema, 1);
    Optimizer optimizer(together, options);
    std::vector<Parameters> alone;
    std::vector<Optimizer> optimizers;
    for (const model::TensorSpec& spec : schema) {
      alone.emplace_back(std::vector<model::TensorSpec>{spec}, 1);
      optimizers.emplace_back(alone.back(), options);
    }
    for (int step = 1; step <= 5; ++step) {
      for (std::size_t i = 0; i < schema.size(); ++i) {
        if (schema[i].name == "still") continue;
        const at::Tensor& tensor = together.tensors()[i];
        const at::Tensor gradient = (tensor.detach() * (10 * step)).sin();
        tensor.mutable_grad() = gradient;
        alone[i].tensors()[0].mutable_grad() = gradient;
        optimizers[i].step(0.01);
      }
      optimizer.step(0.01);
    }
    for (std::size_t i = 0; i < schema.size(); ++i) {
      EXPECT_TRUE(at::equal(together.tensors()[i], alone[i].tensors()[0])) << schema[i].name;
      if (schema[i].name == "still") continue;
      EXPECT_TRUE(at::equal(optimizer.averages()[i], optimizers[i].averages()[0]));
    }
  }
}

TEST(OptimizerTest, TablesAreDenseOnAGpuUnlessTheirRowsRest) {
  TrainingOptions options;
  const at::Device gpu(at::kCUDA, 0);
  EXPECT_EQ(table_gradient_for(options, gpu), TableGradient::kAll);
  EXPECT_EQ(table_gradient_for(options, at::kCPU), TableGradient::kRows);
  options.embedding_update = EmbeddingUpdate::kLazy;
  EXPECT_EQ(table_gradient_for(options, gpu), TableGradient::kRows);
}

TEST(RowTableTest, AtenDoesWhatTheKernelsDo) {
  const at::Tensor noise = at::arange(kRows * kWidth, at::kDouble).view({kRows, kWidth}).sin();
  const auto state = [&] {
    return AdamState{noise.clone(), noise.cos(), noise.square(), noise.exp()};
  };
  AdamState aten = state(), kernel = state();
  const std::vector<std::int64_t> rows = {1, 4, 7};
  const std::vector<kernels::IdleChange> changes = {
      {0.3, 2, 0.5, 0.7, 0.2, 0.6}, {0.1, 1, 0.9, 0.8, 0.6, 0.5}, {0, 1, 1, 1, 0.5, 0}};
  const auto table = [](AdamState& s) {
    const auto view = [](at::Tensor& t) {
      return MatrixView<double>(t.mutable_data_ptr<double>(), kRows, kWidth);
    };
    return kernels::AdamTable<double>{view(s.parameter), view(s.mean), view(s.square),
                                      view(s.average)};
  };
  const auto expect_alike = [&] {
    EXPECT_LT(difference(aten.parameter, kernel.parameter), 1e-14);
    EXPECT_LT(difference(aten.mean, kernel.mean), 1e-14);
    EXPECT_LT(difference(aten.square, kernel.square), 1e-14);
    EXPECT_LT(difference(aten.average, kernel.average), 1e-14);
    EXPECT_GT(difference(aten.parameter, noise), 1e-3);
  };
  apply_idle_changes_by_aten(aten, rows, changes, 1e-3);
  kernels::apply_idle_changes<double>(table(kernel), rows, changes, 1e-3, serial_for());
  expect_alike();
  const kernels::AdamStep step = {0.01, 0.5, 0.9, 0.99, 1e-3, 0.8};
  const at::Tensor gradient = noise.slice(0, 0, 3).contiguous();
  adam_rows_by_aten(aten, at::tensor(rows, at::kLong), gradient, step);
  kernels::adam_rows<double>(table(kernel), rows, {gradient.const_data_ptr<double>(), 3, kWidth},
                             step, serial_for());
  expect_alike();
}

// Every number of idle steps, before and beyond the horizon, against the steps one by one.
TEST(IdleStepsTest, SumsAreTheStepsOneByOne) {
  for (const auto& [beta1, beta2] : {std::pair{0.9, 0.999}, {0.5, 0.9}, {0.9, 0.7}, {0.0, 0.9}}) {
    TrainingOptions options;
    options.beta1 = beta1;
    options.beta2 = beta2;
    options.average = 0.95;
    IdleSteps idle(options);
    std::vector<double> rates;
    for (int step = 1; step <= 260; ++step) {
      rates.push_back(0.01 * (1 + std::sin(step)));
      idle.add(rates.back());
    }
    for (int since = 0; since <= 260; since += since < 20 || since > 240 ? 1 : 13) {
      double mean = 0.7, square = 0.04, value = 1, average = 0.5;
      for (int step = since + 1; step <= 260; ++step) {
        mean *= beta1;
        square *= beta2;
        value -= rates[static_cast<std::size_t>(step - 1)] * mean / (1 - std::pow(beta1, step)) /
                 std::sqrt(square / (1 - std::pow(beta2, step)));
        average = 0.95 * average + 0.05 * value;
      }
      const kernels::IdleChange change = idle.since(since);
      const double move = change.rate * 0.7 / (change.root * 0.2),
                   tolerance = 1e-7 * std::abs(value - 1) + 1e-12;
      EXPECT_NEAR(1 - move, value, tolerance) << since;
      EXPECT_NEAR(
          change.average_decay * 0.5 + (1 - change.average_decay) - change.average_share * move,
          average, tolerance)
          << since;
      EXPECT_NEAR(change.mean_decay * 0.7, mean, 1e-12);
      EXPECT_NEAR(change.square_decay * 0.04, square, 1e-12);
    }
  }
}

}  // namespace
}  // namespace fastformer::learn
