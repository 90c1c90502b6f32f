// fastformer quantize: a smaller model, rounded to 8 bits, and what that costs in accuracy.
#include <fastformer/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "commands/commands.h"
#include "commands/multi_evaluation.h"
#include "commands/output_folder.h"
#include "commands/quantized_model.h"
#include "config/json_text.h"
#include "io/files.h"
#include "metrics/classification.h"
#include "model/model_card.h"
#include "report/table.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kUsage[] =
    "usage: fastformer quantize --model DIR --data FILE... --output DIR [OPTIONS]\n\n"
    "Makes a model whose weights and products are whole numbers of 8 bits, and measures both "
    "models\n"
    "on labelled rows. A model that loses more than --max-loss is not written.\n";

struct QuantizeOptions {
  ModelUse use;  // of the model as it is
  std::vector<std::string> data;
  std::string output;
  double max_loss = 0.5;
  std::int64_t max_size = 0;
  bool json = false;

  void describe(config::OptionSet& options) {
    use.describe_model(options);
    options.add("data", &data, "FILE...", "labelled rows")
        .add("output", &output, "DIR", "model folder to write; must not exist");
    options.group("Limits")
        .add("max-loss", &max_loss, {0, 100},
             "points of accuracy (micro-F1 where a row has several labels) that may be lost")
        .add("max-size", &max_size, {0, std::int64_t{1} << 40},
             "bytes of the folder: rare words (of pieces and bytes all are kept) and n-grams that "
             "matter little are left out until it fits; 0: all are kept");
    options.group("Output").add("json", &json, "one JSON object");
    options.group("Running").add("threads", &use.threads, {0, 4096}, "processor threads; 0: all");
    use.corpus.describe(options);
  }
};

// What a model is worth, and what it takes.
struct Worth {
  std::int64_t rows = 0;
  double accuracy = 0;  // or micro-F1
  std::int64_t bytes = 0;
};

[[noreturn]] void fail_without_known_labels(const std::string& where) {
  throw Error("the model knows no row's label, so that nothing can be measured", where,
              "Check --label-column");
}

Worth worth_of(const ModelUse& use, const std::vector<std::string>& data) {
  LoadedClassifier classifier(use);
  data::CorpusOptions corpus = use.corpus;
  adopt_columns(corpus, classifier.training_data_options());
  const LabelledRows rows = run_on_rows(classifier, data, corpus);
  const model::ModelConfig& config = classifier.config();
  Worth worth;
  worth.rows = static_cast<std::int64_t>(rows.records.size());
  worth.bytes = folder_bytes(use.model);
  if (config.is_multi()) {
    const MultiEvaluation evaluation = evaluate_multi(rows, config);
    if (evaluation.knows_none) fail_without_known_labels(data[0]);
    worth.accuracy = evaluation.result.micro.f1;
  } else {
    const Evaluation evaluation = evaluate_rows(rows, config);
    if (evaluation.unknown == worth.rows) fail_without_known_labels(data[0]);
    worth.accuracy = metrics::classification_result(evaluation.truth, evaluation.predicted,
                                                    static_cast<int>(evaluation.labels.size()))
                         .accuracy;
  }
  return worth;
}

void check_data(const std::vector<std::string>& data) {
  for (const std::string& path : data) {
    const io::FileStatus status = path == "-" ? io::FileStatus() : io::status_of(path);
    const bool is_stream = status.exists && !status.is_regular && !status.is_directory;
    if (path != "-" && !is_stream) continue;
    throw usage_error("rows are read twice, which standard input or a pipe cannot be", "--data",
                      "Give files");
  }
}

std::string measure_name(const model::ModelConfig& config) {
  return config.is_multi() ? "micro_f1" : "accuracy";
}

// The model card, the metrics with what was lost, and nothing else.
void describe_model(const io::WorkFolder& folder, const model::ModelFolder& original,
                    const model::ModelConfig& config, const Json& quantization) {
  Json metrics = original.metrics();
  if (!metrics.is_object()) metrics = Json::object();
  metrics["quantization"] = quantization;
  model::CardFacts facts;
  facts.name = io::base_name(folder.final_path());
  facts.config = config;
  facts.has_tokenizer = original.tokenizer() != nullptr;
  facts.metrics = metrics;
  facts.origin = "Its weights were rounded to 8 bits from the model " +
                 io::base_name(original.path()) +
                 ", whose metrics these are; those of the rounded one are under quantization.";
  io::write_file_atomically(folder.file(model::kMetricsFile), config::json_text(metrics));
  io::write_file_atomically(folder.file(model::kCardFile), model::model_card(facts));
}

std::string report_of(const QuantizeOptions& options, const Worth& before, const Worth& after,
                      const Json& quantization) {
  if (options.json) return quantization.dump() + "\n";
  using report::Align;
  report::Table table({{""}, {"before", Align::kRight}, {"after", Align::kRight}});
  const std::string measure = quantization.contains("micro_f1") ? "micro-F1" : "accuracy";
  table.add_row({measure, format_fixed(before.accuracy, 4), format_fixed(after.accuracy, 4)});
  table.add_row({"bytes", format_count(before.bytes), format_count(after.bytes)});
  for (const auto& [name, key] : {std::pair("words", "words"), {"n-grams", "ngrams"}}) {
    table.add_row({name, format_count(quantization[key]["before"].get<std::int64_t>()),
                   format_count(quantization[key]["after"].get<std::int64_t>())});
  }
  return table.text() + "(" + format_count(after.rows) + " rows)\n";
}

Json quantization_of(const QuantizedModel& model, const model::ModelConfig& original,
                     const Worth& before, const Worth& after) {
  return {{"rows", after.rows},
          {measure_name(original), {{"before", before.accuracy}, {"after", after.accuracy}}},
          {"bytes", {{"before", before.bytes}, {"after", after.bytes}}},
          {"words", {{"before", original.vocabulary}, {"after", model.words()}}},
          {"ngrams", {{"before", original.wide.features}, {"after", model.features()}}}};
}

void check_loss(const Worth& before, const Worth& after, double max_loss,
                const std::string& output) {
  constexpr double kRounding = 1e-9;
  const double loss = 100 * (before.accuracy - after.accuracy);
  if (loss <= max_loss + kRounding) return;
  throw Error("not written: it loses " + format_fixed(loss, 2) + " points (" +
                  format_fixed(before.accuracy, 4) + " to " + format_fixed(after.accuracy, 4) +
                  " on " + format_count(after.rows) + " rows), more than --max-loss " +
                  format_double(max_loss),
              output, "Allow a larger loss or, with --max-size, more bytes");
}

// Writes, cuts to fit, measures; returns the report.
std::string write_quantized(const QuantizeOptions& options, const model::ModelFolder& original,
                            QuantizedModel& model, const io::WorkFolder& folder) {
  constexpr std::int64_t kRoom = 512;  // bytes by which the descriptions may grow
  const Worth before = worth_of(options.use, options.data);
  const auto describe = [&](const Worth& after) {
    Json quantization = quantization_of(model, original.config(), before, after);
    describe_model(folder, original, model.config(), quantization);
    return quantization;
  };
  model.write(folder.path());
  describe(before);
  const std::int64_t beyond = folder_bytes(folder.path()) + kRoom - options.max_size;
  if (options.max_size > 0 && beyond > 0) {
    model.shrink(beyond);
    model.write(folder.path());
  }
  ModelUse rounded = options.use;
  rounded.model = folder.path();
  Worth after = worth_of(rounded, options.data);
  check_loss(before, after, options.max_loss, options.output);
  describe(after);
  after.bytes = folder_bytes(folder.path());
  return report_of(options, before, after, describe(after));
}

}  // namespace

int run_quantize(Arguments arguments) {
  go_on_without_a_log();
  QuantizeOptions options;
  config::OptionSet set;
  options.describe(set);
  if (parse_or_help(set, arguments, kUsage)) return kDone;
  require(options.use.model, "--model");
  require(options.data.empty() ? "" : options.data[0], "--data");
  require(options.output, "--output");
  check_data(options.data);
  const model::ModelFolder original = model::ModelFolder::open(options.use.model);
  original.require_classifier();
  original.metrics();  // a damaged file is told of now
  QuantizedModel model(original);
  std::string report;
  make_model_folder(options.output, [&](const io::WorkFolder& folder) {
    report = write_quantized(options, original, model, folder);
  });
  print(report);
  return kDone;
}

}  // namespace fastformer::apps
