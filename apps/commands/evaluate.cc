// fastformer evaluate: how well a model labels rows whose labels are known.
#include <nlohmann/json.hpp>

#include "base/progress.h"
#include "base/strings.h"
#include "commands/commands.h"
#include "commands/evaluation.h"
#include "metrics/classification.h"
#include "report/classification_report.h"

namespace fastformer::apps {
namespace {

using config::Json;
using metrics::ClassificationResult;

constexpr char kUsage[] =
    "usage: fastformer evaluate --model DIR --data FILE... [OPTIONS]\n\n"
    "Measures accuracy, precision, recall and F1 on labelled rows.\n";

struct EvaluateOptions {
  ModelUse use;
  std::vector<std::string> data;
  bool json = false;

  void describe(config::OptionSet& options) {
    use.describe_model(options);
    options.add("data", &data, "FILE...", "labelled rows; - is standard input");
    options.group("Output").add("json", &json, "one JSON object");
    use.describe_running(options);
  }
};

std::string json_report(const Evaluation& evaluation, const ClassificationResult& result) {
  Json report = report::classification_json(result, evaluation.labels);
  report["loss"] = evaluation.loss;
  report["truncated"] = evaluation.truncated;
  report["unknown_labels"] = evaluation.unknown;
  report["seconds"] = evaluation.seconds;
  report["tokens"] = evaluation.tokens;
  return report.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string text_report(const Evaluation& evaluation, const ClassificationResult& result) {
  return report::class_table(result, evaluation.labels) + "\n" +
         report::confusion_table(result, evaluation.labels) + "\naccuracy " +
         format_fixed(result.accuracy, 4) + "  macro-F1 " + format_fixed(result.macro.f1, 4) +
         "  (" + format_count(result.examples) + " rows, " + format_duration(evaluation.seconds) +
         ")\n";
}

}  // namespace

int run_evaluate(Arguments arguments) {
  EvaluateOptions options;
  config::OptionSet set;
  options.describe(set);
  if (parse_or_help(set, arguments, kUsage)) return kDone;
  require(options.use.model, "--model");
  require(options.data.empty() ? "" : options.data[0], "--data");
  LoadedClassifier classifier(options.use.model, options.use.threads, options.use.device);
  classifier.choose(options.use.branch);
  adopt_columns(options.use.corpus, classifier.training_data_options());
  const Evaluation evaluation = evaluate_rows(classifier, options.data, options.use.corpus);
  const ClassificationResult result = metrics::classification_result(
      evaluation.truth, evaluation.predicted, static_cast<int>(evaluation.labels.size()));
  print(options.json ? json_report(evaluation, result) : text_report(evaluation, result));
  return kDone;
}

}  // namespace fastformer::apps
