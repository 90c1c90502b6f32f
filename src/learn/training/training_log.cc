// Writing of the training log.
#include "learn/training/training_log.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "config/options.h"

namespace fastformer::learn {
namespace {

using config::Json;

constexpr auto kBetweenLines = std::chrono::milliseconds(500);

}  // namespace

TrainingLog::TrainingLog(const std::string& path, std::string score_name, bool appends)
    : file_(path, appends), score_name_(std::move(score_name)) {
  // A run that was killed may have left half a line.
  const std::string before = appends ? io::read_file(path) : "";
  if (!before.empty() && before.back() != '\n') file_.write("\n");
}

TrainingObserver TrainingLog::observer() {
  return {[this](const StepReport& report) { on_step(report); },
          [this](const EpochReport& report) { on_epoch(report); }};
}

void TrainingLog::begin_part(const std::string& name) {
  bar_.reset();
  part_ = name;
}

void TrainingLog::write(Json line) {
  if (!part_.empty()) line["part"] = part_;
  file_.write(line.dump() + "\n");
}

void TrainingLog::close() {
  bar_.reset();
  file_.close();
}

void TrainingLog::on_step(const StepReport& report) {
  if (!bar_) bar_ = std::make_unique<ProgressBar>(part_.empty() ? "training" : part_, report.steps);
  bar_->update(report.step, "epoch " + std::to_string(report.epoch) + "  loss " +
                                format_fixed(report.smoothed_loss, 3) + "  " +
                                format_count(static_cast<std::int64_t>(report.tokens_per_second)) +
                                " tokens/s");
  const auto now = std::chrono::steady_clock::now();
  if (now - last_line_ < kBetweenLines) return;
  last_line_ = now;
  const Json line = {{"event", "step"},
                     {"epoch", report.epoch},
                     {"step", report.step},
                     {"steps", report.steps},
                     {"loss", report.loss},
                     {"learning_rate", report.learning_rate},
                     {"gradient_norm", report.gradient_norm},
                     {"tokens_per_second", report.tokens_per_second}};
  write(line);
}

void TrainingLog::on_epoch(const EpochReport& report) {
  Json line = {
      {"event", "epoch"}, {"epoch", report.epoch}, {"training_loss", report.training_loss}};
  std::string text = (part_.empty() ? "" : part_ + "  ") + "epoch " + std::to_string(report.epoch) +
                     "  training loss " + format_fixed(report.training_loss, 4);
  if (report.validated) {
    line["validation_loss"] = report.validation.loss;
    line[score_name_] = report.validation.score;
    line["best"] = report.best;
    text += "  validation loss " + format_fixed(report.validation.loss, 4) + "  " + score_name_ +
            " " + format_fixed(report.validation.score, 4) + (report.best ? "  (best)" : "");
  }
  line["seconds"] = report.seconds;
  write(line);
  if (bar_) bar_->clear();
  log_info(text + "  " + format_duration(report.seconds));
}

}  // namespace fastformer::learn
