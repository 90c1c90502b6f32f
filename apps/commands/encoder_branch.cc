// Chooses who computes a model's encoder.
#include "commands/encoder_branch.h"

#include <string_view>

#include "runtime/classifier.h"

namespace fastformer::apps {
namespace {

constexpr std::string_view kProcessor = "cpu";

EncoderLoader& other_loader() {
  static EncoderLoader loader = nullptr;
  return loader;
}

class RuntimeBranch : public EncoderBranch {
 public:
  RuntimeBranch(const model::ModelFolder& folder, Numbers numbers)
      : classifier_(folder, runtime::precision_of(numbers, folder.config())) {}

  void logits(std::span<const std::span<const std::int32_t>> documents, ThreadPool& pool,
              std::span<float> logits) const override {
    classifier_.logits(documents, pool, logits);
  }

 private:
  runtime::Classifier classifier_;
};

}  // namespace

void set_loader_of_other_encoders(EncoderLoader loader) { other_loader() = loader; }

std::unique_ptr<EncoderBranch> load_encoder(const model::ModelFolder& folder, Numbers numbers,
                                            const std::string& device) {
  const bool is_other =
      folder.config().encoder.encoder != model::kFastformer || device != kProcessor;
  if (is_other && other_loader()) return other_loader()(folder, numbers, device);
  if (device != kProcessor) {
    throw NeedsTorch("this program computes on the processor alone", "--device",
                     "Use fastformer-train, or --device cpu");
  }
  return std::make_unique<RuntimeBranch>(folder, numbers);
}

}  // namespace fastformer::apps
