// Rounds weights and chooses what tables keep.
#include "commands/quantized_model.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/strings.h"
#include "io/files.h"
#include "model/config_json.h"
#include "model/schema.h"
#include "model/wide_pruning.h"

namespace fastformer::apps {
namespace {

using model::WideTable;

std::int64_t features_in(const WideTable& table) {
  return static_cast<std::int64_t>(table.scaler().features());
}

std::vector<float> finite_values(const model::ModelFolder& folder, const std::string& name) {
  std::vector<float> values = folder.floats(name);
  if (std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
    return values;
  }
  throw Error("tensor \"" + name + "\" holds a number that is not finite", folder.path());
}

}  // namespace

QuantizedModel::QuantizedModel(const model::ModelFolder& folder)
    : folder_(folder), config_(folder.config()) {
  if (config_.quantized) {
    throw Error("is quantized already", folder.path(), "Name the model that it was made of");
  }
  config_.quantized = true;
  words_ = config_.vocabulary;
  if (folder.tokenizer()) vocabulary_ = folder.tokenizer()->serialize();
  if (folder.tokenizer() && text::is_of_words(folder.tokenizer()->kind())) {
    for (std::size_t at = 0; (at = vocabulary_.find('\n', at)) != vocabulary_.npos;) {
      line_ends_.push_back(static_cast<std::int64_t>(++at));
    }
  }
  if (folder.wide()) wide_ = *folder.wide();
  features_ = features_in(wide_);
}

std::int64_t QuantizedModel::bytes_of(std::int64_t words, std::int64_t features) const {
  constexpr std::int64_t kScale = 4, kFeature = 16;  // bucket, idf, spread and scale
  const std::int64_t lines =
      line_ends_.empty() ? 0 : line_ends_[static_cast<std::size_t>(words - 1)];
  return words * (config_.encoder.width + kScale) + lines +
         features * (static_cast<std::int64_t>(wide_.columns()) + kFeature);
}

void QuantizedModel::shrink(std::int64_t bytes) {
  const std::int64_t all_words = words_, all_features = features_;
  const std::int64_t whole = bytes_of(all_words, all_features);
  const auto words_at = [&](double share) {
    const auto kept = static_cast<std::int64_t>(share * static_cast<double>(all_words));
    return line_ends_.empty() ? all_words : std::max<std::int64_t>(kept, 1);
  };
  const auto features_at = [&](double share) {
    return static_cast<std::int64_t>(share * static_cast<double>(all_features));
  };
  const auto fits = [&](double share) {
    return whole - bytes_of(words_at(share), features_at(share)) >= bytes;
  };
  if (!fits(0)) {
    const char* without = line_ends_.empty() ? "with all its tokens and no n-gram it is "
                                             : "without words and n-grams it is ";
    throw Error(std::string("cannot be made that small: ") + without +
                    format_count(bytes - whole + bytes_of(words_at(0), 0)) + " bytes too large",
                folder_.path());
  }
  double low = 0, high = 1;
  for (int step = 0; step < 50; ++step) {
    const double middle = (low + high) / 2;
    (fits(middle) ? low : high) = middle;
  }
  words_ = config_.vocabulary = words_at(low);
  features_ = features_at(low);
  if (!line_ends_.empty()) {
    vocabulary_.resize(static_cast<std::size_t>(line_ends_[static_cast<std::size_t>(words_ - 1)]));
  }
  if (config_.wide.present) {
    wide_ = model::pruned(wide_, static_cast<std::size_t>(features_));
    config_.wide.features = features_;
  }
}

void QuantizedModel::write(const std::string& path) const {
  const std::vector<model::TensorSpec> specs = model::tensors_of(config_);
  std::vector<model::ByteMatrix> matrices;
  std::vector<std::vector<float>> floats;
  matrices.reserve(specs.size());
  floats.reserve(specs.size());
  model::ModelParts parts;
  for (const model::TensorSpec& spec : specs) {
    std::vector<float> values = finite_values(folder_, spec.name);
    values.resize(static_cast<std::size_t>(spec.elements()));  // the first words'
    if (model::stored_in_bytes(spec)) {
      matrices.push_back(model::quantize(values, spec.shape));
      parts.tensors.push_back(matrices.back().number_tensor(spec.name));
      parts.tensors.push_back(matrices.back().scale_tensor(spec.name));
    } else {
      floats.push_back(std::move(values));
      parts.tensors.push_back(model::named_tensor(spec.name, spec.shape, floats.back()));
    }
  }
  parts.config = config_;
  parts.extra = config::Json::object();
  for (const std::string& section : model::extra_sections()) {
    const config::Json& document = folder_.config_document();
    if (document.contains(section)) parts.extra[section] = document[section];
  }
  if (config_.wide.present) parts.wide = &wide_;
  parts.tokenizer = vocabulary_;
  model::write_model_folder(path, parts);
}

std::int64_t folder_bytes(const std::string& path) {
  std::int64_t bytes = 0;
  for (const std::string& name : io::list_directory(path)) {
    const std::string file = io::join_path(path, name);
    if (io::is_directory(file)) continue;
    bytes += static_cast<std::int64_t>(io::MappedFile(file).bytes().size());
  }
  return bytes;
}

}  // namespace fastformer::apps
