// Loading of a classifier and encoding of its input.
#include "commands/classifier_input.h"

#include <fastformer/error.h>

#include <nlohmann/json.hpp>

namespace fastformer::apps {
namespace {

config::Json section(const config::Json& document, const char* name) {
  return document.contains(name) ? document[name] : config::Json::object();
}

}  // namespace

LoadedClassifier::LoadedClassifier(const std::string& folder, int threads,
                                   const std::string& device)
    : folder_(model::ModelFolder::open(folder)),
      data_options_(section(folder_.config_document(), "data")),
      pool_(threads),
      classifier_(folder_, at::kFloat, learn::device_named(device)) {
  at::set_num_threads(pool_.threads());
  if (folder_.tokenizer()) pipeline_.emplace(folder_.pipeline());
}

std::vector<text::Document> LoadedClassifier::encode(const std::vector<std::string>& texts,
                                                     const text::PlaceOf& place_of,
                                                     std::exception_ptr* refused) {
  if (!pipeline_) {
    throw Error("the model has no tokenizer and takes token ids only", folder_.path(),
                "Give {\"ids\":[..]} lines with --token-ids");
  }
  return pipeline_->encode_all(texts, pool_.parallel_for(), place_of, refused);
}

std::vector<float> LoadedClassifier::logits(const std::vector<text::Document>& documents) const {
  std::vector<std::vector<std::int32_t>> ids;
  ids.reserve(documents.size());
  for (const text::Document& document : documents) ids.push_back(document.ids);
  return learn::classify(classifier_, ids, data::BatchOptions());
}

void adopt_columns(data::CorpusOptions& options, const config::Json& trained) {
  options.adopt(trained, "the model's config.json, section \"data\"");
}

}  // namespace fastformer::apps
