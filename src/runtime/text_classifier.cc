// The installed API's TextClassifier, over a model folder and the runtime.
#include <fastformer/error.h>
#include <fastformer/text_classifier.h>

#include <optional>
#include <utility>

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

  std::vector<float> logits(std::span<const std::int32_t> ids) const {
    if (static_cast<std::int64_t>(ids.size()) > config().text.max_length) {
      throw Error(std::to_string(ids.size()) + " token ids are more than the model's " +
                  std::to_string(config().text.max_length));
    }
    std::vector<float> logits(config().labels.size());
    ThreadPool alone(1);
    encoder.logits(std::span(&ids, 1), alone, logits);
    return logits;
  }

  std::vector<double> scores(std::span<const float> logits) const {
    std::vector<double> scores(logits.size());
    if (config().is_multi()) {
      model::sigmoid(logits, scores, config().temperature);
    } else {
      model::softmax(logits, scores, config().temperature);
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
  if (!content_->pipeline) {
    throw Error("the model has no tokenizer", content_->folder.path(),
                "Give it token ids instead of text");
  }
  text::RepairCounts uncounted;
  const std::string repaired(text::repair_text(text, uncounted));
  const model::WideConfig& wide = content_->config().wide;
  std::vector<float> logits = content_->logits(content_->pipeline->encode(repaired).ids);
  if (wide.present) {
    model::mix_branches(wide, model::WideReader(*content_->folder.wide()).scores(repaired), logits);
  }
  return content_->scores(logits);
}

std::vector<double> TextClassifier::scores_of_ids(std::span<const std::int32_t> ids) const {
  return content_->scores(content_->logits(ids));
}

}  // namespace fastformer
