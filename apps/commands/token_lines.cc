// Readers of text and of token ids.
#include "commands/token_lines.h"

#include <fastformer/error.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "data/json_row.h"

namespace fastformer::apps {
namespace {

class TextDocuments : public DocumentReader {
 public:
  TextDocuments(const std::string& input, data::CorpusOptions options, LoadedClassifier& classifier)
      : classifier_(classifier),
        files_({input}),
        reader_(files_, std::move(options), /*needs_label=*/false, classifier.parallel_for()) {}

  bool read_block(std::vector<DocumentToLabel>& block) override {
    if (refused_) std::rethrow_exception(refused_);
    std::vector<data::Record> records;
    if (!reader_.read_block(records)) return false;
    std::vector<std::string> texts;
    texts.reserve(records.size());
    for (data::Record& record : records) texts.push_back(std::move(record.text));
    std::vector<ClassifierInput> documents = classifier_.encode(
        texts, [&](std::size_t i) { return data::place_of(records[i], files_); }, &refused_);
    if (refused_ && documents.empty()) std::rethrow_exception(refused_);
    block.clear();
    for (std::size_t i = 0; i < documents.size(); ++i) {
      block.push_back({std::move(records[i].id), std::move(texts[i]), std::move(documents[i])});
    }
    return true;
  }

  void report() const override {
    const data::ReadReport& report = reader_.report();
    if (report.skipped_rows == 0 && report.repairs.total() == 0 && report.notes.empty()) return;
    for (const std::string& line : report.summary()) log_info(line);
  }

 private:
  LoadedClassifier& classifier_;
  std::vector<std::string> files_;
  std::exception_ptr refused_;  // to be thrown after the documents before it
  data::CorpusReader reader_;
};

class TokenLines : public DocumentReader {
 public:
  TokenLines(const std::string& input, LoadedClassifier& classifier)
      : files_({input}),
        config_(classifier.config()),
        reader_(files_, line_options(), /*needs_label=*/false, classifier.parallel_for()) {}

  bool read_block(std::vector<DocumentToLabel>& block) override {
    if (refused_) std::rethrow_exception(refused_);
    std::vector<data::Record> records;
    if (!reader_.read_block(records)) return false;
    block.clear();
    try {
      for (const data::Record& record : records) block.push_back(parse(record));
    } catch (const Error&) {
      if (block.empty()) throw;
      refused_ = std::current_exception();
    }
    return true;
  }

 private:
  static data::CorpusOptions line_options() {
    data::CorpusOptions options;
    options.format = data::Format::kLines;
    return options;
  }

  [[noreturn]] void fail(const data::Record& record, const std::string& what) const {
    throw Error(what, data::place_of(record, files_), "A line is {\"ids\":[1,2,3]}");
  }

  DocumentToLabel parse(const data::Record& record) const {
    const nlohmann::json json = data::parse_shallow(record.text);
    if (!json.is_object() || !json.contains("ids") || !json["ids"].is_array()) {
      fail(record, "is not a JSON object with a list \"ids\"");
    }
    DocumentToLabel document;
    std::vector<std::int32_t>& ids = document.input.tokens.ids;
    for (const nlohmann::json& id : json["ids"]) {
      if (!id.is_number_integer() || id < 0 || id >= config_.vocabulary) {
        fail(record, printable(id.dump()) + " is not an id below the vocabulary's size " +
                         std::to_string(config_.vocabulary));
      }
      ids.push_back(id.get<std::int32_t>());
    }
    while (!ids.empty() && ids.back() == config_.padding_id) ids.pop_back();
    for (std::int32_t id : ids) {
      if (id == config_.padding_id) fail(record, "has the padding id inside the document");
    }
    document.input.tokens.length = static_cast<std::int64_t>(ids.size());
    text::truncate(ids, config_.text.max_length, config_.text.truncate,
                   data::place_of(record, files_));
    return document;
  }

  std::vector<std::string> files_;
  std::exception_ptr refused_;  // to be thrown after the documents before it
  const model::ModelConfig& config_;
  data::CorpusReader reader_;
};

}  // namespace

std::unique_ptr<DocumentReader> read_texts(const std::string& input, data::CorpusOptions options,
                                           LoadedClassifier& classifier) {
  return std::make_unique<TextDocuments>(input, std::move(options), classifier);
}

std::unique_ptr<DocumentReader> read_token_lines(const std::string& input,
                                                 LoadedClassifier& classifier) {
  return std::make_unique<TokenLines>(input, classifier);
}

}  // namespace fastformer::apps
