// The loop over epochs and batches.
#include "learn/training/trainer.h"

#include <fastformer/error.h>

#include <chrono>
#include <cmath>
#include <optional>

#include "base/random.h"
#include "base/strings.h"
#include "learn/training/freed_memory.h"
#include "learn/training/narrow_products.h"
#include "learn/training/optimizer.h"
#include "learn/training/schedule.h"

namespace fastformer::learn {
namespace {

constexpr double kSmoothing = 0.98;         // of the loss that people watch
constexpr std::int64_t kStepsToKeep = 100;  // between two returns of freed memory

class Run {
 public:
  Run(Task& task, const TrainingOptions& options, const TrainingObserver& observer,
      StateKeeper* keeper)
      : task_(task),
        options_(options),
        observer_(observer),
        keeper_(keeper),
        optimizer_(task.parameters(), options) {
    Parameters& parameters = task_.parameters();
    const at::Device device = parameters.tensors().at(0).device();
    parameters.set_table_gradient(table_gradient_for(options, device));
  }

  TrainingResult run(const Checkpoint* state) {
    // Epochs may differ by a batch or two; the schedule is laid out on the first one's count.
    steps_ = task_.begin_epoch(0) * options_.epochs;
    if (state) load(*state);
    for (int epoch = epoch_; epoch < options_.epochs; ++epoch) {
      double loss = 0;
      try {
        loss = run_epoch(epoch);
      } catch (const NotFinite& found) {
        keep_best(found);
        break;
      }
      optimizer_.settle();
      const std::vector<at::Tensor> trained =
          finishing_matters() ? task_.parameters().snapshot() : std::vector<at::Tensor>();
      finish();
      const bool stop = finish_epoch(epoch, loss);
      if (stop || epoch + 1 == options_.epochs) break;
      go_on(trained);
    }
    if (!best_.empty()) task_.parameters().restore(best_);
    result_.seconds = seconds();
    return result_;
  }

 private:
  double run_epoch(int epoch) {
    const std::int64_t batches = task_.begin_epoch(epoch);
    std::optional<NarrowProducts> narrow;
    if (options_.precision == Precision::kBFloat16) narrow.emplace(task_.parameters());
    epoch_ = epoch;
    while (batch_ < batches) {
      const double loss = run_step(epoch, batch_);
      const BatchSize size = task_.batch_size(batch_);
      loss_sum_ += loss * static_cast<double>(size.documents);
      documents_ += size.documents;
      ++batch_;
      if (keeper_ && keeper_->is_due(step_ == steps_)) keeper_->keep(state());
    }
    const double mean = documents_ > 0 ? loss_sum_ / static_cast<double>(documents_) : 0;
    batch_ = documents_ = 0;
    loss_sum_ = 0;
    return mean;
  }

  double run_step(int epoch, std::int64_t batch) {
    ForwardContext context;
    context.training = true;
    context.dropout_mask = options_.dropout_mask;
    context.word_dropout = options_.word_dropout;
    context.seed = hash_of({static_cast<std::uint64_t>(options_.seed),
                            static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(step_)});
    if (optimizer_.prepares()) optimizer_.prepare(task_.used_rows(batch));
    StepReport report = find_gradients(task_.loss(batch, context));
    clip_gradients(task_.parameters(), report.gradient_norm, options_.clip_norm);
    report.learning_rate = learning_rate_at(options_, step_, steps_);
    optimizer_.step(report.learning_rate);
    result_.tokens += task_.batch_size(batch).tokens;
    smoothed_ = step_ == 0 ? report.loss : kSmoothing * smoothed_ + (1 - kSmoothing) * report.loss;
    ++step_;
    if (step_ % kStepsToKeep == 0) return_freed_memory();
    report.epoch = epoch + 1;
    report.step = step_;
    report.steps = steps_;
    report.smoothed_loss = smoothed_;
    report.tokens_per_second = static_cast<double>(result_.tokens) / seconds();
    if (observer_.on_step) observer_.on_step(report);
    return report.loss;
  }

  // Gives the parameters their gradients, and back the loss and the norm, which are finite. Both
  // are read at once, when all of the step but the update is on its way: reading waits for a GPU.
  StepReport find_gradients(const at::Tensor& loss) const {
    task_.parameters().clear_gradients();
    loss.backward();
    task_.parameters().merge_gradient_rows();
    const at::Tensor norm = gradient_norm(task_.parameters()).to(loss.device());
    const at::Tensor read = at::stack({loss.detach().to(at::kDouble), norm}).cpu();
    StepReport report;
    report.loss = read[0].item<double>();
    report.gradient_norm = read[1].item<double>();
    check_finite(report.loss, "the loss");
    check_finite(report.gradient_norm, "the norm of the gradients");
    return report;
  }

  struct NotFinite {
    std::string what;
  };

  void check_finite(double value, const std::string& name) const {
    if (std::isfinite(value)) return;
    throw NotFinite{name + " is not a finite number at step " + std::to_string(step_ + 1)};
  }

  // The parameters of the finished model are the best until now.
  void keep_best(const NotFinite& found) {
    constexpr char kAdvice[] =
        "Try a lower --learning-rate, a longer --warmup or a smaller --clip-norm";
    if (best_.empty()) throw Error(found.what, "training", kAdvice);
    task_.parameters().clear_gradients();
    task_.fold();
    result_.diverged = found.what + ": the parameters are those of epoch " +
                       std::to_string(result_.best_epoch) + ". " + kAdvice;
  }

  bool finishing_matters() const { return options_.average > 0 || task_.folds(); }

  // Makes the parameters, of which all rows are up to date, those of the finished model.
  void finish() {
    if (options_.average > 0) task_.parameters().restore(optimizer_.averages());
    task_.fold();
  }

  // Back from there to the values that are trained.
  void go_on(const std::vector<at::Tensor>& trained) {
    if (!finishing_matters()) return;
    task_.unfold();
    task_.parameters().restore(trained);
  }

  // Validates, keeps the best parameters and says whether to stop early.
  bool finish_epoch(int epoch, double training_loss) {
    EpochReport report;
    report.epoch = epoch + 1;
    report.training_loss = training_loss;
    report.validated = task_.has_validation();
    result_.epochs = epoch + 1;
    if (report.validated) {
      report.validation = task_.validate();
      report.best = best_.empty() || better(report.validation, result_.validation);
    }
    if (report.best) result_.validation = report.validation;
    if (report.best || !report.validated) best_ = task_.parameters().snapshot();
    if (report.best || !report.validated) result_.best_epoch = epoch + 1;
    report.seconds = seconds();
    if (observer_.on_epoch) observer_.on_epoch(report);
    const int since_best = epoch + 1 - result_.best_epoch;
    return options_.patience > 0 && since_best >= options_.patience;
  }

  // All that the steps to come depend on, and what the run will report.
  Checkpoint state() const {
    Checkpoint state;
    state.put("epoch", std::int64_t{epoch_});
    state.put("batch", batch_);
    state.put("step", step_);
    state.put("loss_sum", loss_sum_);
    state.put("documents", documents_);
    state.put("smoothed_loss", smoothed_);
    state.put("best_epoch", std::int64_t{result_.best_epoch});
    state.put("epochs", std::int64_t{result_.epochs});
    state.put("best_loss", result_.validation.loss);
    state.put("best_score", result_.validation.score);
    state.put("tokens", result_.tokens);
    state.put("seconds", seconds());
    const Parameters& parameters = task_.parameters();
    for (std::size_t i = 0; i < parameters.names().size(); ++i) {
      state.put("value." + parameters.names()[i], parameters.tensors()[i]);
    }
    for (std::size_t i = 0; i < best_.size(); ++i) {
      state.put("best." + std::to_string(i), best_[i]);
    }
    optimizer_.save(state);
    return state;
  }

  void load(const Checkpoint& state) {
    load_place(state);
    loss_sum_ = state.number("loss_sum");
    documents_ = state.integer("documents");
    smoothed_ = state.number("smoothed_loss");
    result_.best_epoch = static_cast<int>(state.integer("best_epoch"));
    result_.epochs = static_cast<int>(state.integer("epochs"));
    result_.validation = {state.number("best_loss"), state.number("best_score")};
    result_.tokens = state.integer("tokens");
    before_ = state.number("seconds");
    const Parameters& parameters = task_.parameters();
    for (std::size_t i = 0; i < parameters.names().size(); ++i) {
      state.copy_into("value." + parameters.names()[i], parameters.tensors()[i]);
    }
    load_best(state);
    std::vector<double> rates;
    for (std::int64_t step = 0; step < step_; ++step) {
      rates.push_back(learning_rate_at(options_, step, steps_));
    }
    optimizer_.load(state, rates);
  }

  void load_place(const Checkpoint& state) {
    const std::int64_t epoch = state.integer("epoch");
    batch_ = state.integer("batch");
    step_ = state.integer("step");
    state.require(epoch >= 0 && epoch < options_.epochs, "has no such epoch");
    epoch_ = static_cast<int>(epoch);
    std::int64_t steps = batch_;
    for (int before = 0; before < epoch_; ++before) steps += task_.begin_epoch(before);
    state.require(batch_ >= 0 && batch_ <= task_.begin_epoch(epoch_) && step_ == steps,
                  "is not at a step of this run");
  }

  // None, or the tensors of the finished model.
  void load_best(const Checkpoint& state) {
    const auto& tensors = task_.parameters().tensors();
    const std::size_t finished = tensors.size() - (task_.folds() ? 1 : 0);
    for (std::size_t i = 0; state.contains("best." + std::to_string(i)); ++i) {
      state.require(i < finished, "has too many tensors");
      best_.push_back(at::empty_like(tensors[i].detach()));
      state.copy_into("best." + std::to_string(i), best_.back());
    }
    state.require(best_.empty() || best_.size() == finished, "has too few tensors");
  }

  static bool better(const Validation& a, const Validation& b) {
    return a.score > b.score || (a.score == b.score && a.loss < b.loss);
  }

  double seconds() const {
    return before_ +
           std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  Task& task_;
  const TrainingOptions& options_;
  const TrainingObserver& observer_;
  StateKeeper* keeper_;
  Optimizer optimizer_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double before_ = 0;  // seconds, of the run that this one goes on with
  int epoch_ = 0;
  std::int64_t batch_ = 0;  // the next one
  double loss_sum_ = 0;     // over the epoch's documents so far
  std::int64_t documents_ = 0;
  std::int64_t step_ = 0;
  std::int64_t steps_ = 0;
  double smoothed_ = 0;
  std::vector<at::Tensor> best_;
  TrainingResult result_;
};

}  // namespace

TrainingResult train(Task& task, const TrainingOptions& options, const TrainingObserver& observer,
                     const Continuation& continuation) {
  return Run(task, options, observer, continuation.keeper).run(continuation.state);
}

}  // namespace fastformer::learn
