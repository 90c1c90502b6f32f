// fastformer predict: labels for documents, one result per document, in order.
#include <fastformer/error.h>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "commands/classifier_input.h"
#include "commands/commands.h"
#include "commands/model_use.h"
#include "commands/token_lines.h"
#include "model/decision.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kUsage[] =
    "usage: fastformer predict --model DIR --input FILE|- [OPTIONS]\n\n"
    "Labels documents: one result per document, in order. Input is a document per line unless the\n"
    "file's name or --text-column says CSV, TSV or JSON Lines. Without --json a result is\n"
    "LABEL <tab> SCORE, repeated for --top-k; with --id-column the id comes first.\n";

struct PredictOptions {
  ModelUse use;
  std::string input;
  bool json = false;
  int top_k = 1;
  bool raw_scores = false;
  bool token_ids = false;

  void describe(config::OptionSet& options) {
    use.describe_model(options);
    options.add("input", &input, "FILE", "documents; - is standard input");
    options.group("Output")
        .add("json", &json, "a JSON object per line")
        .add("top-k", &top_k, {0, 1000000}, "labels per document; 0: all")
        .add("raw-scores", &raw_scores, "with --json: the logits too")
        .add("token-ids", &token_ids, "input lines are {\"ids\":[..]}");
    use.describe_running(options);
  }
};

std::string json_line(const PredictOptions& options, const model::ModelConfig& config,
                      const DocumentToLabel& document, std::span<const float> logits) {
  const model::Decision decision = model::decide(logits, options.top_k, config.temperature);
  Json line = Json::object();
  if (!options.use.corpus.id_column.empty()) line["id"] = document.id;
  const auto label_of = [&](const model::Ranked& ranked) {
    return config.labels[static_cast<std::size_t>(ranked.label)];
  };
  line["label"] = label_of(decision.ranked[0]);
  line["score"] = decision.ranked[0].score;
  line["labels"] = Json::array();
  for (const model::Ranked& ranked : decision.ranked) {
    line["labels"].push_back({{"label", label_of(ranked)}, {"score", ranked.score}});
  }
  line["truncated"] = document.tokens.truncated();
  if (options.raw_scores) line["logits"] = std::vector<float>(logits.begin(), logits.end());
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string text_line(const PredictOptions& options, const model::ModelConfig& config,
                      const DocumentToLabel& document, std::span<const float> logits) {
  std::string line;
  if (!options.use.corpus.id_column.empty()) line += printable(document.id, 1000) + "\t";
  for (const model::Ranked& ranked :
       model::decide(logits, options.top_k, config.temperature).ranked) {
    if (!line.empty() && line.back() != '\t') line += '\t';
    line += printable(config.labels[static_cast<std::size_t>(ranked.label)], 1000) + "\t" +
            format_fixed(ranked.score, 4);
  }
  return line + "\n";
}

// Labels a block of documents and prints the results.
void label_block(const PredictOptions& options, const LoadedClassifier& classifier,
                 const std::vector<DocumentToLabel>& block) {
  std::vector<text::Document> documents;
  for (const DocumentToLabel& document : block) documents.push_back(document.tokens);
  const std::vector<float> logits = classifier.logits(documents);
  const std::size_t labels = classifier.config().labels.size();
  for (std::size_t i = 0; i < block.size(); ++i) {
    const std::span<const float> row = std::span(logits).subspan(i * labels, labels);
    print(options.json ? json_line(options, classifier.config(), block[i], row)
                       : text_line(options, classifier.config(), block[i], row));
  }
  flush_output();
}

}  // namespace

int run_predict(Arguments arguments) {
  PredictOptions options;
  config::OptionSet set;
  options.describe(set);
  if (parse_or_help(set, arguments, kUsage)) return kDone;
  require(options.use.model, "--model");
  require(options.input, "--input");
  if (options.raw_scores && !options.json) {
    throw usage_error("needs --json", "--raw-scores");
  }
  LoadedClassifier classifier(options.use.model, options.use.threads, options.use.device);
  const std::unique_ptr<DocumentReader> reader =
      options.token_ids ? read_token_lines(options.input, classifier)
                        : read_texts(options.input, options.use.corpus, classifier);
  std::int64_t truncated = 0, documents = 0;
  std::vector<DocumentToLabel> block;
  while (reader->read_block(block)) {
    for (const DocumentToLabel& document : block) truncated += document.tokens.truncated();
    documents += static_cast<std::int64_t>(block.size());
    label_block(options, classifier, block);
  }
  reader->report();
  if (truncated > 0) {
    log_warning(format_count(truncated) + " of " + format_count(documents) +
                " documents are longer than the model's " +
                format_count(classifier.config().text.max_length) + " tokens and were truncated");
  }
  return kDone;
}

}  // namespace fastformer::apps
