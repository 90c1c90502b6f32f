// Shares documents, and the parts of long ones, out to threads.
#include "runtime/classifier.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "runtime/document_run.h"

namespace fastformer::runtime {
namespace {

using Documents = std::span<const std::span<const std::int32_t>>;

// Documents by falling length.
void order_by_length(Documents documents, std::vector<std::size_t>& order) {
  order.resize(documents.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const std::size_t left = documents[a].size(), right = documents[b].size();
    return left != right ? left > right : a < b;
  });
}

}  // namespace

Precision precision_of(const model::ModelConfig& config) {
  return config.quantized ? Precision::kInt8 : Precision::kFloat32;
}

Precision precision_of(TextClassifier::Numbers numbers, const model::ModelConfig& config) {
  using Numbers = TextClassifier::Numbers;
  switch (numbers) {
    case Numbers::kFloat32:
      return Precision::kFloat32;
    case Numbers::kBfloat16:
      return Precision::kBfloat16;
    case Numbers::kInt8:
      return Precision::kInt8;
    case Numbers::kModel:
      break;
  }
  return precision_of(config);
}

struct Classifier::Content {
  Content(const kernels::Stages& stages, Precision precision, const model::ModelConfig& config,
          const TensorSource& source, const model::TensorView& words)
      : plan(stages, precision, config, source, words) {}

  EncoderPlan plan;
  Pool<std::vector<std::size_t>> orders;
  Pool<DocumentMemory> documents;
  Pool<TileMemory> tiles;
};

Classifier::Classifier(const model::ModelFolder& folder, Precision precision,
                       kernels::InstructionSet set)
    : Classifier(
          folder.path(), folder.config(),
          [&folder](const std::string& name) { return folder.floats(name); },
          folder.tensors().tensor("embedding.word.weight"), precision, set) {}

Classifier::Classifier(std::string name, const model::ModelConfig& config,
                       const TensorSource& source, const model::TensorView& words,
                       Precision precision, kernels::InstructionSet set)
    : name_(std::move(name)),
      labels_(config.labels.size()),
      content_(
          std::make_unique<Content>(kernels::stages_of(set), precision, config, source, words)) {}

Classifier::~Classifier() = default;

void Classifier::logits(Documents documents, ThreadPool& pool, std::span<float> logits) const {
  for (const std::span<const std::int32_t> ids : documents) content_->plan.embedding.check(ids);
  Pool<std::vector<std::size_t>>::Loan loan = content_->orders.lend();
  std::vector<std::size_t>& order = *loan;
  order_by_length(documents, order);
  const auto logits_of = [&](std::size_t i) { return logits.subspan(i * labels_, labels_); };

  // Documents that are much of what is left to do go to all threads, one after the other.
  const auto threads = static_cast<std::size_t>(pool.threads());
  std::size_t left = 0, first = 0;
  for (const std::span<const std::int32_t> ids : documents) left += ids.size();
  for (; first < order.size(); ++first) {
    const std::span<const std::int32_t> ids = documents[order[first]];
    if (threads == 1 || 2 * threads * ids.size() <= left) break;
    spread(ids, pool, logits_of(order[first]));
    left -= ids.size();
  }
  const ParallelFor alone = serial_for();
  const auto run_rest = [&](std::int64_t begin, std::int64_t end) {
    Pool<DocumentMemory>::Loan memory = content_->documents.lend();
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const std::size_t index = order[first + i];
      DocumentRun(content_->plan, documents[index], *memory, content_->tiles, alone)
          .run(logits_of(index));
    }
  };
  pool.run(static_cast<std::int64_t>(order.size() - first), 1, std::ref(run_rest));
  check_finite(logits);
}

void Classifier::spread(std::span<const std::int32_t> ids, ThreadPool& pool,
                        std::span<float> logits) const {
  Pool<DocumentMemory>::Loan memory = content_->documents.lend();
  const ParallelFor parallel_for = pool.parallel_for();
  DocumentRun(content_->plan, ids, *memory, content_->tiles, parallel_for).run(logits);
}

void Classifier::check_finite(std::span<const float> logits) const {
  for (const float logit : logits) {
    if (std::isfinite(logit)) continue;
    throw Error("gives results that are not finite numbers", name_,
                "Its weights are damaged or its training diverged: train it anew, with a lower "
                "--learning-rate perhaps");
  }
}

}  // namespace fastformer::runtime
