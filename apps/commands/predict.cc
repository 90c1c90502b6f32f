// fastformer predict: labels for documents, one result per document, in order.
#include <fastformer/error.h>

#include "base/log.h"
#include "base/strings.h"
#include "commands/classifier_input.h"
#include "commands/commands.h"
#include "commands/model_use.h"
#include "commands/result_lines.h"
#include "commands/token_lines.h"

namespace fastformer::apps {
namespace {

constexpr char kUsage[] =
    "usage: fastformer predict --model DIR --input FILE|- [OPTIONS]\n\n"
    "Labels documents: one result per document, in order. Input is a document per line unless the\n"
    "file's name or --text-column says CSV, TSV or JSON Lines. Without --json a result is\n"
    "LABEL <tab> SCORE, repeated for --top-k; with --id-column the id comes first. Where the best\n"
    "score is below --min-score it is (abstained) <tab> SCORE, in more brackets if the model has\n"
    "such a label; with --json the label is null.\n\n"
    "A model that gives several labels gives those whose score is at least the label's threshold,\n"
    "or (none). Its scores are sigmoid: each label's own probability; they do not sum to one.\n";

struct PredictOptions {
  ModelUse use;
  std::string input;
  ResultFormat format;
  bool token_ids = false;

  void describe(config::OptionSet& options) {
    use.describe_model(options);
    options.add("input", &input, "FILE", "documents; - is standard input");
    options.group("Output");
    format.describe(options);
    options.add("token-ids", &token_ids, "input lines are {\"ids\":[..]}");
    use.describe_running(options);
  }
};

// Labels a block of documents and prints the results.
void label_block(const ResultLines& lines, LoadedClassifier& classifier,
                 const std::vector<DocumentToLabel>& block) {
  std::vector<ClassifierInput> documents;
  documents.reserve(block.size());
  for (const DocumentToLabel& document : block) documents.push_back(document.input);
  const std::vector<float> logits = classifier.logits(documents);
  const std::size_t labels = classifier.config().labels.size();
  for (std::size_t i = 0; i < block.size(); ++i) {
    print(lines.line({block[i].id, block[i].text, block[i].input.tokens.truncated()},
                     std::span(logits).subspan(i * labels, labels)));
  }
  flush_output();
}

// Lines of token ids have one form: what says how text is read would be lost without a word.
void refuse_corpus_options(const config::OptionSet& given) {
  data::CorpusOptions corpus;
  config::OptionSet options;
  corpus.describe(options);
  for (const config::Option& option : options.options()) {
    if (given.is_set(option.name)) {
      throw usage_error("has no meaning with --token-ids", "--" + option.name);
    }
  }
}

}  // namespace

int run_predict(Arguments arguments) {
  PredictOptions options;
  config::OptionSet set;
  options.describe(set);
  if (parse_or_help(set, arguments, kUsage)) return kDone;
  require(options.use.model, "--model");
  require(options.input, "--input");
  if (options.format.raw_scores && !options.format.json) {
    throw usage_error("needs --json", "--raw-scores");
  }
  if (options.format.echo_text && (!options.format.json || options.token_ids)) {
    throw usage_error(options.token_ids ? "token ids have no text" : "needs --json", "--echo-text");
  }
  if (options.token_ids) refuse_corpus_options(set);
  LoadedClassifier classifier(options.use);
  if (options.token_ids && classifier.config().wide.present &&
      options.use.branch != Branch::kEncoder) {
    throw usage_error("the model's wide branch needs text", "--token-ids",
                      "Add --branch encoder to let the encoder alone answer");
  }
  classifier.choose(options.use.branch);
  adopt_columns(options.use.corpus, classifier.training_data_options());
  const std::unique_ptr<DocumentReader> reader =
      options.token_ids ? read_token_lines(options.input, classifier)
                        : read_texts(options.input, options.use.corpus, classifier);
  options.format.top_k_asked = set.is_set("top-k");
  options.format.has_id = !options.use.corpus.id_column.empty();
  const ResultLines lines(options.format, classifier.config());
  std::int64_t truncated = 0, documents = 0;
  std::vector<DocumentToLabel> block;
  while (reader->read_block(block)) {
    for (const DocumentToLabel& document : block) truncated += document.input.tokens.truncated();
    documents += static_cast<std::int64_t>(block.size());
    label_block(lines, classifier, block);
  }
  reader->report();
  if (documents == 0 && options.input != "-") {
    log_warning(printable(options.input) + ": there are no documents");
  }
  if (truncated > 0) {
    log_warning(format_count(truncated) + " of " + format_count(documents) +
                " documents are longer than the model's " +
                format_count(classifier.config().text.max_length) + " tokens and were truncated");
  }
  return kDone;
}

}  // namespace fastformer::apps
