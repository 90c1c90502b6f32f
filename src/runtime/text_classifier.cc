// The installed API's TextClassifier, over a model folder and the runtime.
#include <fastformer/error.h>
#include <fastformer/text_classifier.h>

#include <optional>
#include <utility>

#include "base/strings.h"
#include "model/branch_mix.h"
#include "model/decision.h"
#include "runtime/classifier.h"
#include "runtime/workspace.h"
#include "text/repair.h"

namespace fastformer {

namespace {

// What one call needs of memory, but for the encoder.
struct CallMemory {
  ThreadPool alone{1};
  text::PipelineMemory pipeline;
  text::Document document;
  std::string repaired;
  std::optional<model::WideReader> wide;
  std::vector<float> logits;
};

}  // namespace

struct TextClassifier::Content {
  Content(model::ModelFolder opened, Numbers numbers)
      : folder(std::move(opened)),
        encoder(folder, runtime::precision_of(numbers, folder.config())) {
    if (folder.tokenizer()) pipeline.emplace(folder.pipeline());
  }

  const model::ModelConfig& config() const { return folder.config(); }
  std::size_t labels() const { return config().labels.size(); }

  const text::Pipeline& text_pipeline() const {
    if (pipeline) return *pipeline;
    throw Error("the model has no tokenizer", folder.path(), "Give it token ids instead of text");
  }

  void check_room(std::span<const double> scores) const {
    if (scores.size() == labels()) return;
    throw Error("room for " + std::to_string(scores.size()) + " scores was given, the model has " +
                    std::to_string(labels()) + " labels",
                folder.path(), "Give room for labels().size() of them");
  }

  // Adds what the wide branch says of the texts.
  void mix(std::span<const std::string> texts, ThreadPool& pool, std::span<float> logits) const {
    pool.run(
        static_cast<std::int64_t>(texts.size()), 16, [&](std::int64_t begin, std::int64_t end) {
          model::WideReader reader(*folder.wide());
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
            model::mix_branches(config().wide, reader.scores(texts[i]),
                                logits.subspan(i * labels(), labels()));
          }
        });
  }

  // Scores [labels] of one text. What a text of kMostKept bytes and more wants is not kept.
  void score(std::string_view text, std::span<double> scores) const {
    constexpr std::size_t kMostKept = std::size_t{1} << 20;
    check_room(scores);
    if (text.size() >= kMostKept) {
      CallMemory own;
      score(text, own, scores);
    } else {
      score(text, *calls.lend(), scores);
    }
  }

  void score(std::string_view text, CallMemory& memory, std::span<double> scores) const {
    text::RepairCounts uncounted;
    text = text::repair_text(text, uncounted, memory.repaired);
    text_pipeline().encode(text, "", memory.pipeline, memory.document);
    encode(memory.document.ids, memory);
    if (config().wide.present) {
      if (!memory.wide) memory.wide.emplace(*folder.wide());
      model::mix_branches(config().wide, memory.wide->scores(text), memory.logits);
    }
    to_scores(memory.logits, scores);
  }

  // Scores [labels] of one document by the encoder alone.
  void score_ids(std::span<const std::int32_t> ids, std::span<double> scores) const {
    check_room(scores);
    const std::int64_t most = config().text.max_length;
    if (static_cast<std::int64_t>(ids.size()) > most) {
      throw Error(std::to_string(ids.size()) + " token ids are more than the model's " +
                  std::to_string(most));
    }
    runtime::Pool<CallMemory>::Loan memory = calls.lend();
    encode(ids, *memory);
    to_scores(memory->logits, scores);
  }

  // Scores [texts, labels].
  std::vector<double> scores_of(std::span<const std::string_view> texts, ThreadPool& pool) const {
    const text::Pipeline& to_ids = text_pipeline();
    std::vector<std::string> repaired;
    repaired.reserve(texts.size());
    text::RepairCounts uncounted;
    for (const std::string_view text : texts) {
      repaired.emplace_back(text::repair_text(text, uncounted));
    }
    const std::vector<text::Document> documents =
        to_ids.encode_all(views_of(repaired), pool.parallel_for());
    std::vector<std::span<const std::int32_t>> ids;
    ids.reserve(documents.size());
    for (const text::Document& document : documents) ids.emplace_back(document.ids);
    std::vector<float> logits(documents.size() * labels());
    encoder.logits(ids, pool, logits);
    if (config().wide.present) mix(repaired, pool, logits);
    std::vector<double> scores(logits.size());
    for (std::size_t at = 0; at < logits.size(); at += labels()) {
      to_scores(std::span(logits).subspan(at, labels()), std::span(scores).subspan(at, labels()));
    }
    return scores;
  }

  // Logits of the encoder to memory.logits.
  void encode(std::span<const std::int32_t> ids, CallMemory& memory) const {
    memory.logits.resize(labels());
    encoder.logits(std::span(&ids, 1), memory.alone, memory.logits);
  }

  void to_scores(std::span<const float> logits, std::span<double> scores) const {
    const auto to = config().is_multi() ? model::sigmoid : model::softmax;
    to(logits, scores, config().temperature);
  }

  model::ModelFolder folder;
  runtime::Classifier encoder;
  std::optional<text::Pipeline> pipeline;
  mutable runtime::Pool<CallMemory> calls;
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

void TextClassifier::scores(std::string_view text, std::span<double> scores) const {
  content_->score(text, scores);
}

std::vector<double> TextClassifier::scores(std::string_view text) const {
  std::vector<double> found(labels().size());
  content_->score(text, found);
  return found;
}

std::vector<double> TextClassifier::scores_of_all(std::span<const std::string_view> texts,
                                                  int threads) const {
  ThreadPool pool(threads);
  return content_->scores_of(texts, pool);
}

void TextClassifier::scores_of_ids(std::span<const std::int32_t> ids,
                                   std::span<double> scores) const {
  content_->score_ids(ids, scores);
}

std::vector<double> TextClassifier::scores_of_ids(std::span<const std::int32_t> ids) const {
  std::vector<double> found(labels().size());
  content_->score_ids(ids, found);
  return found;
}

}  // namespace fastformer
