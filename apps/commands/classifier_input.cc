// Loading of a classifier and encoding of its input.
#include "commands/classifier_input.h"

#include <fastformer/error.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/strings.h"
#include "model/branch_mix.h"

namespace fastformer::apps {
namespace {

model::ModelFolder open_classifier(const std::string& path) {
  model::ModelFolder folder = model::ModelFolder::open(path);
  folder.require_classifier();
  return folder;
}

config::Json section(const config::Json& document, const char* name) {
  return document.contains(name) ? document[name] : config::Json::object();
}

}  // namespace

LoadedClassifier::LoadedClassifier(const ModelUse& use)
    : folder_(open_classifier(use.model)),
      config_(folder_.config()),
      data_options_(section(folder_.config_document(), "data")),
      pool_(use.threads),
      encoder_(load_encoder(folder_, use.precision, use.device)) {
  wide_ = folder_.config().wide;
  if (folder_.tokenizer()) pipeline_.emplace(folder_.pipeline());
}

void LoadedClassifier::choose(Branch branch) {
  if (branch == Branch::kBoth) return;
  if (!wide_.present) throw Error("the model has an encoder alone", folder_.path());
  wide_.present = branch == Branch::kWide;
  wide_.encoder_factor = 0;
  wide_.wide_factor = model::factor_alone(wide_.wide_factor);
  const auto& alone = branch == Branch::kWide ? config_.wide_alone : config_.encoder_alone;
  if (!alone) return;
  config_.temperature = alone->temperature;
  config_.thresholds = alone->thresholds;
}

std::vector<ClassifierInput> LoadedClassifier::encode(const std::vector<std::string>& texts,
                                                      const text::PlaceOf& place_of,
                                                      std::exception_ptr* refused) {
  if (!pipeline_) {
    throw Error("the model has no tokenizer and takes token ids only", folder_.path(),
                "Give {\"ids\":[..]} lines with --token-ids");
  }
  std::vector<text::Document> documents =
      pipeline_->encode_all(views_of(texts), pool_.parallel_for(), place_of, refused);
  std::vector<ClassifierInput> inputs(documents.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].tokens = std::move(documents[i]);
  if (wide_.present) {
    pool_.run(
        static_cast<std::int64_t>(inputs.size()), 16, [&](std::int64_t begin, std::int64_t end) {
          model::WideReader reader(*folder_.wide());
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
            inputs[i].wide = reader.scores(texts[i]);
          }
        });
  }
  return inputs;
}

std::vector<float> LoadedClassifier::logits(const std::vector<ClassifierInput>& documents) {
  std::vector<float> logits(documents.size() * config().labels.size(), 0);
  if (!wide_.present || wide_.encoder_factor != 0) {
    std::vector<std::span<const std::int32_t>> ids;
    ids.reserve(documents.size());
    for (const ClassifierInput& document : documents) ids.emplace_back(document.tokens.ids);
    encoder_->logits(ids, pool_, logits);
  }
  if (wide_.present) mix(documents, logits);
  return logits;
}

void LoadedClassifier::mix(const std::vector<ClassifierInput>& documents,
                           std::vector<float>& logits) const {
  const std::size_t labels = config().labels.size();
  for (std::size_t i = 0; i < documents.size(); ++i) {
    model::mix_branches(wide_, documents[i].wide, std::span(logits).subspan(i * labels, labels));
  }
}

void adopt_columns(data::CorpusOptions& options, const config::Json& trained) {
  options.adopt(trained, "the model's config.json, section \"data\"");
}

}  // namespace fastformer::apps
