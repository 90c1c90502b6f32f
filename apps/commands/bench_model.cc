// Makes the model that bench runs.
#include "commands/bench_model.h"

#include <fastformer/error.h>

#include <array>

#include "base/random.h"
#include "base/strings.h"
#include "model/schema.h"

namespace fastformer::apps {
namespace {

constexpr std::uint64_t kSeed = 1;

model::ModelConfig config_of(const std::string& shape, std::int64_t longest) {
  model::ModelConfig config;
  const std::array fields = {&config.encoder.width, &config.encoder.heads, &config.encoder.layers,
                             &config.encoder.feed_forward};
  const std::vector<std::string> parts = split(shape, ',');
  bool good = parts.size() == fields.size();
  for (std::size_t i = 0; good && i < fields.size(); ++i) {
    const std::optional<std::int64_t> size = parse_int(trim(parts[i]));
    good = size && *size >= (i == 3 ? 0 : 1) && *size <= 65536;
    if (good) *fields[i] = static_cast<int>(*size);
  }
  if (!good) {
    throw usage_error("\"" + printable(shape) + "\" is no shape", "--shape",
                      "Give width,heads,layers,feedforward: 256,16,2,256");
  }
  config.text.max_length = static_cast<int>(longest);
  config.vocabulary = 10000;
  config.labels = {"a", "b"};
  config.validate();
  return config;
}

}  // namespace

BenchModel::BenchModel(const std::string& folder, Numbers numbers)
    : folder_(std::make_unique<model::ModelFolder>(model::ModelFolder::open(folder))),
      config_(folder_->config()),
      precision_(runtime::precision_of(numbers, config_)) {
  folder_->require_classifier();
}

BenchModel::BenchModel(const std::string& shape, std::int64_t longest, Numbers numbers)
    : BenchModel(config_of(shape, longest), numbers) {}

BenchModel::BenchModel(const model::ModelConfig& config, Numbers numbers)
    : config_(config), precision_(runtime::precision_of(numbers, config_)) {
  fill_tensors();
}

std::unique_ptr<const runtime::Classifier> BenchModel::classifier() const {
  if (folder_) return std::make_unique<const runtime::Classifier>(*folder_, precision_);
  constexpr char kWords[] = "embedding.word.weight";
  const model::TensorView words{"F32",
                                {config_.vocabulary, config_.encoder.width},
                                std::as_bytes(std::span(tensors_.at(kWords)))};
  return std::make_unique<const runtime::Classifier>(
      "a model with random weights", config_,
      [this](const std::string& name) { return tensors_.at(name); }, words, precision_,
      kernels::instruction_set());
}

void BenchModel::fill_tensors() {
  for (const model::TensorSpec& spec : model::tensors_of(config_)) {
    std::vector<float>& values = tensors_[spec.name];
    values.assign(static_cast<std::size_t>(spec.elements()),
                  spec.initial == model::Initial::kOne ? 1.0F : 0.0F);
    if (spec.initial != model::Initial::kNormal) continue;
    Random random(hash_of(spec.name, kSeed));
    for (float& value : values) value = static_cast<float>(0.02 * random.normal());
  }
}

double BenchModel::operations_per_token() const {
  const model::EncoderOptions& encoder = config_.encoder;
  const double width = encoder.width, heads = encoder.heads, units = encoder.feed_forward;
  const double pooling = encoder.pooling == Pooling::kMax ? 0 : width * width + 2 * width;
  const int sums = config_.fastformer.global_key ? 2 : 1;
  const int convolutions =
      encoder.local == Local::kNone ? 0 : (encoder.local == Local::kGated ? 2 : 1);
  const double local = convolutions * encoder.local_width * width;
  return 2 *
         (encoder.layers * (width * width + 2 * width * units + 2 * sums * width * heads + local) +
          pooling);
}

std::vector<std::vector<std::int32_t>> BenchModel::documents(std::int64_t count,
                                                             std::int64_t length) const {
  Random random(kSeed);
  std::vector<std::vector<std::int32_t>> documents(static_cast<std::size_t>(count));
  for (std::vector<std::int32_t>& ids : documents) {
    ids.resize(static_cast<std::size_t>(length));
    for (std::int32_t& id : ids) {
      id = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(config_.vocabulary)));
    }
  }
  return documents;
}

}  // namespace fastformer::apps
