// fastformer evaluate: how well a model labels rows whose labels are known.
#include <fastformer/error.h>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/peak_memory.h"
#include "base/progress.h"
#include "base/strings.h"
#include "commands/commands.h"
#include "commands/error_file.h"
#include "commands/multi_evaluation.h"
#include "io/files.h"
#include "metrics/classification.h"
#include "metrics/selective.h"
#include "report/classification_report.h"
#include "report/multi_label_report.h"

namespace fastformer::apps {
namespace {

using config::Json;
using metrics::ClassificationResult;

constexpr char kUsage[] =
    "usage: fastformer evaluate --model DIR --data FILE... [OPTIONS]\n\n"
    "Measures accuracy, precision, recall and F1 on labelled rows, and how true the scores are; of "
    "a\n"
    "model that gives several labels also exact matches and precision at 1, 3 and 5.\n";

struct EvaluateOptions {
  ModelUse use;
  std::vector<std::string> data;
  bool json = false;
  double min_score = 0;
  std::string reliability_plot;
  std::string errors;
  int errors_limit = 100;

  void describe(config::OptionSet& options) {
    use.describe_model(options);
    options.add("data", &data, "FILE...", "labelled rows; - is standard input");
    options.group("Output")
        .add("json", &json, "one JSON object")
        .add("min-score", &min_score, {0, 1},
             "also measure a model that gives no label below this probability")
        .add("reliability-plot", &reliability_plot, "FILE",
             "draw accuracy by score into FILE, an SVG picture")
        .add("errors", &errors, "FILE",
             "write wrong rows and the least sure right ones to FILE (.csv or .jsonl)")
        .add("errors-limit", &errors_limit, {0, 1000000000}, "right rows in that file");
    use.describe_running(options);
  }
};

metrics::SelectiveResult answered(const Evaluation& evaluation, double min_score) {
  return metrics::selective_result(evaluation.truth, evaluation.predicted, evaluation.score,
                                   min_score);
}

Json answered_json(const Evaluation& evaluation, double min_score) {
  const metrics::SelectiveResult result = answered(evaluation, min_score);
  Json json = {{"min_score", min_score}, {"rows", result.answered}, {"coverage", result.coverage}};
  json["accuracy"] = result.answered > 0 ? Json(result.accuracy) : Json(nullptr);
  return json;
}

std::string answered_line(const Evaluation& evaluation, double min_score) {
  const metrics::SelectiveResult result = answered(evaluation, min_score);
  return "with --min-score " + format_double(min_score) + ": " + format_count(result.answered) +
         " rows answered, coverage " + format_fixed(result.coverage, 4) +
         (result.answered > 0 ? ", accuracy on them " + format_fixed(result.accuracy, 4) : "") +
         "\n";
}

double coverage(const AnswersAbove& above) {
  return static_cast<double>(above.rows) / static_cast<double>(above.result.rows);
}

Json answered_json(const AnswersAbove& above, double min_score) {
  return {{"min_score", min_score},
          {"rows", above.rows},
          {"coverage", coverage(above)},
          {"exact_match", above.result.exact},
          {"micro", report::scores_json(above.result.micro)}};
}

std::string answered_line(const AnswersAbove& above, double min_score) {
  const metrics::Scores& micro = above.result.micro;
  return "with --min-score " + format_double(min_score) + ": " + format_count(above.rows) +
         " rows get a label, coverage " + format_fixed(coverage(above), 4) + ", precision " +
         format_fixed(micro.precision, 4) + ", recall " + format_fixed(micro.recall, 4) +
         ", micro-F1 " + format_fixed(micro.f1, 4) + ", exact match " +
         format_fixed(above.result.exact, 4) + "\n";
}

// What is about the rows alone.
void add_run(const LabelledRows& rows, std::int64_t unknown, const report::ScoreReport& scores,
             Json& report) {
  const Json calibration = report::reliability_json(scores);
  report["loss"] = calibration["cross_entropy"];
  report["truncated"] = rows.truncated;
  report["unknown_labels"] = unknown;
  report["seconds"] = rows.seconds;
  report["tokens"] = rows.tokens;
  report["peak_memory_bytes"] = peak_memory();
  report["calibration"] = calibration;
}

std::string line_of(const Json& report) {
  return report.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string rows_and_time(const LabelledRows& rows) {
  std::string text = "(";
  text += format_count(static_cast<std::int64_t>(rows.records.size()));
  text += " rows, ";
  text += format_duration(rows.seconds);
  return text + ")\n";
}

std::string report_of(const EvaluateOptions& options, const LabelledRows& rows,
                      const Evaluation& evaluation) {
  const ClassificationResult result = metrics::classification_result(
      evaluation.truth, evaluation.predicted, static_cast<int>(evaluation.labels.size()));
  if (options.json) {
    Json report = report::classification_json(result, evaluation.labels);
    add_run(rows, evaluation.unknown, evaluation.scores, report);
    if (options.min_score > 0) report["answered"] = answered_json(evaluation, options.min_score);
    return line_of(report);
  }
  return report::class_table(result, evaluation.labels) + "\n" +
         report::confusion_table(result, evaluation.labels) + "\n" +
         report::reliability_table(evaluation.scores) + "\naccuracy " +
         format_fixed(result.accuracy, 4) + "  macro-F1 " + format_fixed(result.macro.f1, 4) +
         "  " + rows_and_time(rows) +
         (options.min_score > 0 ? answered_line(evaluation, options.min_score) : "");
}

std::string report_of(const EvaluateOptions& options, const LabelledRows& rows,
                      const MultiEvaluation& evaluation) {
  report::PrecisionAt precision;
  for (const int k : {1, 3, 5}) {
    precision.emplace_back(k, metrics::precision_at(k, evaluation.truth, evaluation.ranked));
  }
  if (options.json) {
    Json report = report::multi_label_json(evaluation.result, evaluation.labels, precision);
    add_run(rows, evaluation.unknown, evaluation.scores, report);
    if (evaluation.above) {
      report["answered"] = answered_json(*evaluation.above, options.min_score);
    }
    return line_of(report);
  }
  return report::multi_label_table(evaluation.result, evaluation.labels) +
         "\nscores of every label of every row (rows here), by how often it is true (accuracy)\n" +
         report::reliability_table(evaluation.scores) + "\n" +
         report::multi_label_summary(evaluation.result, precision) + rows_and_time(rows) +
         (evaluation.above ? answered_line(*evaluation.above, options.min_score) : "");
}

// Throws, before a long evaluation, when no picture can be written under that name.
void check_plot_file(const std::string& path) {
  constexpr char kFlag[] = "--reliability-plot";
  if (!ascii_lower(path).ends_with(".svg")) {
    throw usage_error("\"" + printable(path) + "\" is no name of an SVG file", kFlag,
                      "End the name in .svg");
  }
  require_new_file(path, kFlag);
}

void write_plot(const std::string& path, const std::string& model, std::size_t rows,
                const report::ScoreReport& scores) {
  const std::string title = "Scores of " + io::base_name(model) + " on " +
                            format_count(static_cast<std::int64_t>(rows)) + " rows";
  write_new_file(path, report::reliability_plot(scores.calibration, title).svg());
  log_info("wrote " + path);
}

// Prints the report and writes the files that are asked for.
template <typename AnEvaluation>
void finish(const EvaluateOptions& options, const LabelledRows& rows,
            const AnEvaluation& evaluation) {
  print(report_of(options, rows, evaluation));
  if (!options.reliability_plot.empty()) {
    write_plot(options.reliability_plot, options.use.model, rows.records.size(), evaluation.scores);
  }
  if (!options.errors.empty()) {
    write_error_file({options.errors, options.data, options.errors_limit}, rows, evaluation);
  }
}

}  // namespace

int run_evaluate(Arguments arguments) {
  EvaluateOptions options;
  config::OptionSet set;
  options.describe(set);
  if (parse_or_help(set, arguments, kUsage)) return kDone;
  require(options.use.model, "--model");
  require(options.data.empty() ? "" : options.data[0], "--data");
  if (!options.errors.empty()) check_error_file(options.errors);
  if (!options.reliability_plot.empty()) check_plot_file(options.reliability_plot);
  LoadedClassifier classifier(options.use);
  classifier.choose(options.use.branch);
  adopt_columns(options.use.corpus, classifier.training_data_options());
  const model::ModelConfig& config = classifier.config();
  const LabelledRows rows = run_on_rows(classifier, options.data, options.use.corpus);
  if (config.is_multi()) {
    finish(options, rows, evaluate_multi(rows, config, options.min_score));
  } else {
    finish(options, rows, evaluate_rows(rows, config));
  }
  return kDone;
}

}  // namespace fastformer::apps
