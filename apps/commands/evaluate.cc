// fastformer evaluate: how well a model labels rows whose labels are known.
#include <fastformer/error.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/progress.h"
#include "base/strings.h"
#include "commands/classifier_input.h"
#include "commands/commands.h"
#include "data/labels.h"
#include "learn/tasks/classification.h"
#include "metrics/classification.h"
#include "report/table.h"

namespace fastformer::apps {
namespace {

using config::Json;
using metrics::ClassificationResult;

constexpr char kUsage[] =
    "usage: fastformer evaluate --model DIR --data FILE... [OPTIONS]\n\n"
    "Measures accuracy, precision, recall and F1 on labelled rows.\n";
constexpr std::size_t kWidestMatrix = 12;  // classes shown as a matrix; more are listed

struct EvaluateOptions {
  std::string model;
  std::vector<std::string> data;
  bool json = false;
  int threads = 0;
  std::string device = "cpu";
  data::CorpusOptions corpus;

  void describe(config::OptionSet& options) {
    options.group("Files")
        .add("model", &model, "DIR", "model folder")
        .add("data", &data, "FILE...", "labelled rows; - is standard input");
    options.group("Output").add("json", &json, "one JSON object");
    options.group("Running")
        .add("threads", &threads, {0, 4096}, "processor threads; 0: all")
        .add("device", &device, "NAME", "cpu, cuda or cuda:N");
    corpus.describe(options);
  }
};

// Truth and predictions over all rows; labels of the rows that the model lacks come after its own.
struct Outcome {
  std::vector<std::string> labels;
  std::vector<int> truth, predicted;
  double loss = 0;
  std::int64_t truncated = 0, tokens = 0, unknown = 0;
  double seconds = 0;
};

Outcome run_model(LoadedClassifier& classifier, const EvaluateOptions& options) {
  data::ReadReport report;
  std::vector<data::Record> records = data::read_corpus(
      options.data, options.corpus, /*needs_label=*/true, classifier.parallel_for(), &report);
  for (const std::string& line : report.summary()) log_info(line);
  if (records.empty()) throw Error("there are no rows", options.data[0]);

  const auto start = std::chrono::steady_clock::now();
  Outcome outcome;
  std::vector<std::string> texts;
  for (data::Record& record : records) texts.push_back(std::move(record.text));
  const std::vector<text::Document> documents = classifier.encode(
      texts, [&](std::size_t i) { return data::place_of(records[i], options.data); });
  const std::vector<float> logits = classifier.logits(documents);
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  outcome.labels = classifier.config().labels;
  const std::size_t known = outcome.labels.size();
  const data::LabelIndex index(outcome.labels);
  std::vector<std::int64_t> truth;
  for (std::size_t i = 0; i < records.size(); ++i) {
    truth.push_back(index.find(records[i].label));
    outcome.truncated += documents[i].truncated();
    outcome.tokens += static_cast<std::int64_t>(documents[i].ids.size());
    const auto row = logits.begin() + static_cast<std::ptrdiff_t>(i * known);
    outcome.predicted.push_back(
        static_cast<int>(std::max_element(row, row + static_cast<std::ptrdiff_t>(known)) - row));
    if (truth.back() < 0) {
      ++outcome.unknown;
      auto at = std::find(outcome.labels.begin() + static_cast<std::ptrdiff_t>(known),
                          outcome.labels.end(), records[i].label);
      if (at == outcome.labels.end()) at = outcome.labels.insert(at, records[i].label);
      outcome.truth.push_back(static_cast<int>(at - outcome.labels.begin()));
    } else {
      outcome.truth.push_back(static_cast<int>(truth.back()));
    }
  }
  outcome.loss = learn::score_logits(logits, truth, known).loss;
  return outcome;
}

Json json_of(const metrics::Scores& scores) {
  return {{"precision", scores.precision}, {"recall", scores.recall}, {"f1", scores.f1}};
}

Json json_report(const Outcome& outcome, const ClassificationResult& result) {
  Json report = {{"examples", result.examples},
                 {"accuracy", result.accuracy},
                 {"macro_f1", result.macro.f1},
                 {"micro_f1", result.micro.f1},
                 {"weighted_f1", result.weighted.f1},
                 {"loss", outcome.loss},
                 {"macro", json_of(result.macro)},
                 {"micro", json_of(result.micro)},
                 {"weighted", json_of(result.weighted)},
                 {"truncated", outcome.truncated},
                 {"unknown_labels", outcome.unknown},
                 {"seconds", outcome.seconds},
                 {"tokens", outcome.tokens}};
  report["labels"] = outcome.labels;
  report["per_class"] = Json::object();
  for (std::size_t c = 0; c < outcome.labels.size(); ++c) {
    Json row = json_of(result.classes[c].scores);
    row["support"] = result.classes[c].support;
    report["per_class"][outcome.labels[c]] = row;
  }
  report["confusion"] = Json::array();
  for (const metrics::ConfusionCell& cell : result.confusion) {
    report["confusion"].push_back(
        {{"truth", outcome.labels[static_cast<std::size_t>(cell.truth)]},
         {"predicted", outcome.labels[static_cast<std::size_t>(cell.predicted)]},
         {"count", cell.count}});
  }
  return report;
}

std::vector<std::string> scores_row(const std::string& name, const metrics::Scores& scores,
                                    std::int64_t support) {
  return {printable(name, 40), format_fixed(scores.precision, 4), format_fixed(scores.recall, 4),
          format_fixed(scores.f1, 4), format_count(support)};
}

std::string class_table(const Outcome& outcome, const ClassificationResult& result) {
  constexpr report::Align kRight = report::Align::kRight;
  report::Table table(
      {{"label"}, {"precision", kRight}, {"recall", kRight}, {"F1", kRight}, {"rows", kRight}});
  for (std::size_t c = 0; c < outcome.labels.size(); ++c) {
    table.add_row(
        scores_row(outcome.labels[c], result.classes[c].scores, result.classes[c].support));
  }
  table.add_row({});
  table.add_row(scores_row("macro", result.macro, result.examples));
  table.add_row(scores_row("micro", result.micro, result.examples));
  table.add_row(scores_row("weighted", result.weighted, result.examples));
  return table.text();
}

// Rows are the truth, columns the predictions; with many classes the largest confusions instead.
std::string confusion_table(const Outcome& outcome, const ClassificationResult& result) {
  if (outcome.labels.size() <= kWidestMatrix) {
    std::vector<report::Column> columns = {{"truth \\ predicted"}};
    for (const std::string& label : outcome.labels) {
      columns.push_back({printable(label, 20), report::Align::kRight});
    }
    report::Table table(columns);
    for (std::size_t t = 0; t < outcome.labels.size(); ++t) {
      std::vector<std::string> row = {printable(outcome.labels[t], 20)};
      for (std::size_t p = 0; p < outcome.labels.size(); ++p) {
        row.push_back(format_count(result.confused(static_cast<int>(t), static_cast<int>(p))));
      }
      table.add_row(row);
    }
    return table.text();
  }
  std::vector<metrics::ConfusionCell> wrong;
  for (const metrics::ConfusionCell& cell : result.confusion) {
    if (cell.truth != cell.predicted) wrong.push_back(cell);
  }
  std::stable_sort(wrong.begin(), wrong.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  if (wrong.size() > kWidestMatrix) wrong.resize(kWidestMatrix);
  report::Table table({{"truth"}, {"predicted"}, {"rows", report::Align::kRight}});
  for (const metrics::ConfusionCell& cell : wrong) {
    table.add_row({outcome.labels[static_cast<std::size_t>(cell.truth)],
                   outcome.labels[static_cast<std::size_t>(cell.predicted)],
                   format_count(cell.count)});
  }
  return "most frequent confusions (all with --json):\n" + table.text();
}

}  // namespace

int run_evaluate(Arguments arguments) {
  EvaluateOptions options;
  config::OptionSet set;
  options.describe(set);
  if (parse_or_help(set, arguments, kUsage)) return kDone;
  require(options.model, "--model");
  require(options.data.empty() ? "" : options.data[0], "--data");
  LoadedClassifier classifier(options.model, options.threads, options.device);
  adopt_columns(options.corpus, classifier.training_data_options());
  const Outcome outcome = run_model(classifier, options);
  if (outcome.unknown > 0) {
    log_warning(format_count(outcome.unknown) + " rows have a label that the model does not know");
  }
  if (outcome.truncated > 0) {
    log_warning(format_count(outcome.truncated) + " documents were truncated");
  }
  const ClassificationResult result = metrics::classification_result(
      outcome.truth, outcome.predicted, static_cast<int>(outcome.labels.size()));
  if (options.json) {
    print(json_report(outcome, result).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    return kDone;
  }
  print(class_table(outcome, result) + "\n" + confusion_table(outcome, result) + "\naccuracy " +
        format_fixed(result.accuracy, 4) + "  macro-F1 " + format_fixed(result.macro.f1, 4) +
        "  (" + format_count(result.examples) + " rows, " + format_duration(outcome.seconds) +
        ")\n");
  return kDone;
}

}  // namespace fastformer::apps
