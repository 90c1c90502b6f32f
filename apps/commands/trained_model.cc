// Gathers the parts of a model folder from a model that was trained.
#include "commands/trained_model.h"

#include <span>
#include <vector>

#include "io/files.h"
#include "model/folder.h"
#include "model/model_card.h"

namespace fastformer::apps {

void write_trained_model(const io::WorkFolder& folder, const TrainedModel& model) {
  model::ModelParts parts;
  parts.config = model.config;
  parts.wide = model.wide;
  parts.extra = model.provenance;
  parts.metrics = model.metrics;
  parts.tokenizer = model.tokenizer.serialize();
  model::CardFacts facts;
  facts.name = io::base_name(folder.final_path());
  facts.config = model.config;
  facts.metrics = model.metrics;
  facts.training_command = model.command;
  parts.card = model::model_card(facts);
  std::vector<at::Tensor> kept;
  const learn::Parameters& parameters = model.parameters;
  for (std::size_t i = 0; i < parameters.names().size(); ++i) {
    kept.push_back(parameters.tensors()[i].detach().to(at::kCPU, at::kFloat).contiguous());
    const std::span<const float> values(kept.back().const_data_ptr<float>(),
                                        static_cast<std::size_t>(kept.back().numel()));
    parts.tensors.push_back(
        model::named_tensor(parameters.names()[i], kept.back().sizes().vec(), values));
  }
  model::write_model_folder(folder.path(), parts);
}

std::string command_text(const std::string& command, Arguments arguments) {
  std::string text = "fastformer " + command;
  for (const std::string& word : arguments) {
    text += ' ';
    text += model::shell_word(word);
  }
  return text;
}

}  // namespace fastformer::apps
