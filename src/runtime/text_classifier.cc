// The installed API's TextClassifier, over a model folder and the runtime.
#include <fastformer/error.h>
#include <fastformer/text_classifier.h>

#include <optional>
#include <utility>

#include "base/strings.h"
#include "model/branch_mix.h"
#include "model/decision.h"
#include "runtime/classifier.h"
#include "text/repair.h"

namespace fastformer {

struct TextClassifier::Content {
  Content(model::ModelFolder opened, Numbers numbers)
      : folder(std::move(opened)),
        encoder(folder, runtime::precision_of(numbers, folder.config())) {
    if (folder.tokenizer()) pipeline.emplace(folder.pipeline());
  }

  const model::ModelConfig& config() const { return folder.config(); }

  // Logits [documents, labels] of the encoder.
  std::vector<float> logits(std::span<const std::span<const std::int32_t>> documents,
                            ThreadPool& pool) const {
    std::vector<float> logits(documents.size() * config().labels.size());
    encoder.logits(documents, pool, logits);
    return logits;
  }

  // Adds what the wide branch says of the texts.
  void mix(std::span<const std::string> texts, ThreadPool& pool, std::span<float> logits) const {
    const std::size_t labels = config().labels.size();
    pool.run(
        static_cast<std::int64_t>(texts.size()), 16, [&](std::int64_t begin, std::int64_t end) {
          model::WideReader reader(*folder.wide());
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
            model::mix_branches(config().wide, reader.scores(texts[i]),
                                logits.subspan(i * labels, labels));
          }
        });
  }

  // Scores [texts, labels].
  std::vector<double> scores_of(std::span<const std::string_view> texts, ThreadPool& pool,
                                const text::PlaceOf& place_of) const {
    if (!pipeline) {
      throw Error("the model has no tokenizer", folder.path(), "Give it token ids instead of text");
    }
    std::vector<std::string> repaired;
    repaired.reserve(texts.size());
    text::RepairCounts uncounted;
    for (const std::string_view text : texts) {
      repaired.emplace_back(text::repair_text(text, uncounted));
    }
    const std::vector<text::Document> documents =
        pipeline->encode_all(views_of(repaired), pool.parallel_for(), place_of);
    std::vector<std::span<const std::int32_t>> ids;
    ids.reserve(documents.size());
    for (const text::Document& document : documents) ids.emplace_back(document.ids);
    std::vector<float> found = logits(ids, pool);
    if (config().wide.present) mix(repaired, pool, found);
    return scores(found);
  }

  // Scores [documents, labels] of logits like that.
  std::vector<double> scores(std::span<const float> logits) const {
    std::vector<double> scores(logits.size());
    const std::size_t labels = config().labels.size();
    for (std::size_t at = 0; at < logits.size(); at += labels) {
      const auto to = config().is_multi() ? model::sigmoid : model::softmax;
      to(logits.subspan(at, labels), std::span(scores).subspan(at, labels), config().temperature);
    }
    return scores;
  }

  model::ModelFolder folder;
  runtime::Classifier encoder;
  std::optional<text::Pipeline> pipeline;
};

TextClassifier::TextClassifier(std::unique_ptr<const Content> content)
    : content_(std::move(content)) {}
TextClassifier::~TextClassifier() = default;
TextClassifier::TextClassifier(TextClassifier&& other) noexcept = default;
TextClassifier& TextClassifier::operator=(TextClassifier&& other) noexcept = default;

TextClassifier TextClassifier::open(const std::string& folder, Numbers numbers) {
  model::ModelFolder opened = model::ModelFolder::open(folder);
  opened.require_classifier();
  return TextClassifier(std::make_unique<const Content>(std::move(opened), numbers));
}

const std::vector<std::string>& TextClassifier::labels() const { return content_->config().labels; }

bool TextClassifier::gives_several_labels() const { return content_->config().is_multi(); }

double TextClassifier::threshold(std::size_t label) const {
  if (label >= labels().size()) throw Error("there is no label " + std::to_string(label));
  return model::threshold_of(content_->config().thresholds, label);
}

std::vector<double> TextClassifier::scores(std::string_view text) const {
  ThreadPool alone(1);
  return content_->scores_of(std::span(&text, 1), alone, [](std::size_t) { return ""; });
}

std::vector<double> TextClassifier::scores_of_all(std::span<const std::string_view> texts,
                                                  int threads) const {
  ThreadPool pool(threads);
  return content_->scores_of(texts, pool, {});
}

std::vector<double> TextClassifier::scores_of_ids(std::span<const std::int32_t> ids) const {
  const std::int64_t most = content_->config().text.max_length;
  if (static_cast<std::int64_t>(ids.size()) > most) {
    throw Error(std::to_string(ids.size()) + " token ids are more than the model's " +
                std::to_string(most));
  }
  ThreadPool alone(1);
  return content_->scores(content_->logits(std::span(&ids, 1), alone));
}

}  // namespace fastformer
