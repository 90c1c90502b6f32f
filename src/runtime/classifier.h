// A classifier for use: logits of documents, without torch.
#pragma once

#include <fastformer/text_classifier.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "kernels/simd/instruction_set.h"
#include "model/folder.h"
#include "runtime/tensor_source.h"

namespace fastformer::runtime {

// The numbers that a model was made for.
Precision precision_of(const model::ModelConfig& config);
// The numbers that are asked for, which may be the model's own.
Precision precision_of(TextClassifier::Numbers numbers, const model::ModelConfig& config);

// The encoder branch of a model. A document's logits depend on the document alone, bit for bit: not
// on what else is asked for, nor on threads. Const functions may be called from several threads at
// once; after a few calls they take no more memory but for longer documents.
class Classifier {
 public:
  // Prepares the weights of a folder, which must outlive the classifier. Throws an Error for an
  // encoder that the runtime does not have.
  explicit Classifier(const model::ModelFolder& folder, Precision precision = Precision::kFloat32,
                      kernels::InstructionSet set = kernels::instruction_set());
  // The same from tensors of any origin; `words` is embedding.word.weight.
  Classifier(std::string name, const model::ModelConfig& config, const TensorSource& source,
             const model::TensorView& words, Precision precision, kernels::InstructionSet set);
  ~Classifier();

  std::size_t labels() const { return labels_; }

  // Writes the logits [documents, labels] of documents given by their token ids; an empty
  // document's are the head's bias. Throws an Error for an id outside the vocabulary, for a
  // document that is longer than the model's positions, and, naming the model, for logits that are
  // not finite. `pool` is not to be used by another call at the same time.
  void logits(std::span<const std::span<const std::int32_t>> documents, ThreadPool& pool,
              std::span<float> logits) const;

 private:
  struct Content;

  void spread(std::span<const std::int32_t> ids, ThreadPool& pool, std::span<float> logits) const;
  void check_finite(std::span<const float> logits) const;

  std::string name_;
  std::size_t labels_;
  std::unique_ptr<Content> content_;
};

}  // namespace fastformer::runtime
