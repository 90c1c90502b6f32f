// Runs a folder's encoder and head through learn.
#include "commands/torch_branch.h"

#include <fastformer/error.h>

#include <algorithm>
#include <vector>

#include "learn/tasks/classifier.h"

namespace fastformer::apps {
namespace {

class TorchBranch : public EncoderBranch {
 public:
  TorchBranch(const model::ModelFolder& folder, Numbers numbers, const std::string& device)
      : classifier_(folder, at::kFloat, learn::device_named(device)) {
    if (numbers == Numbers::kInt8) {
      throw usage_error("the encoder " + folder.config().encoder.encoder + " on " + device +
                            " has no such numbers",
                        "--precision", "Choose float32 or bfloat16");
    }
    if (numbers == Numbers::kBfloat16) classifier_.parameters().set_products(at::kBFloat16);
  }

  void logits(std::span<const std::span<const std::int32_t>> documents, ThreadPool& pool,
              std::span<float> logits) const override {
    at::set_num_threads(pool.threads());
    std::vector<std::vector<std::int32_t>> ids;
    ids.reserve(documents.size());
    for (const std::span<const std::int32_t> document : documents) {
      ids.emplace_back(document.begin(), document.end());
    }
    std::ranges::copy(learn::classify(classifier_, ids, {}), logits.begin());
  }

 private:
  learn::Classifier classifier_;
};

}  // namespace

std::unique_ptr<EncoderBranch> load_torch_encoder(const model::ModelFolder& folder, Numbers numbers,
                                                  const std::string& device) {
  return std::make_unique<TorchBranch>(folder, numbers, device);
}

}  // namespace fastformer::apps
