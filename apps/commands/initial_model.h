// A trained model that a training goes on from.
#pragma once

#include <memory>
#include <string>

#include "learn/parameters.h"
#include "model/folder.h"

namespace fastformer::apps {

class InitialModel {
 public:
  // Opens the folder of a classifier or of a pretrained encoder. Throws when it has no tokenizer.
  explicit InitialModel(const std::string& folder);

  // Gives `config` the options of text and encoder that the folder's tensors and ids depend on.
  // What the user asked for otherwise in `given`, whose options are those of `config`, is a usage
  // error that names both.
  void adopt(const config::OptionSet& given, model::ModelConfig& config) const;

  std::shared_ptr<const text::Tokenizer> tokenizer() const { return folder_.tokenizer(); }

  // Copies all tensors that the parameters of a model with this configuration have too, and of the
  // head the rows of the labels that both have, if both give one label or both several.
  void copy_into(const model::ModelConfig& config, learn::Parameters& parameters) const;
  // Logs what copy_into() copies and which labels are new or left out.
  void tell(const model::ModelConfig& config) const;

 private:
  bool is_copied(const std::string& name) const;
  bool has_head_for(const model::ModelConfig& config) const;
  void copy_head(const model::ModelConfig& config, learn::Parameters& parameters) const;
  void tell_labels(const model::ModelConfig& config) const;
  at::Tensor tensor(const std::string& name) const;

  model::ModelFolder folder_;
};

}  // namespace fastformer::apps
