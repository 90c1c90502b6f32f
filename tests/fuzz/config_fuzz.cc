// config.json: what is accepted is written and read again the same.
#include <nlohmann/json.hpp>

#include "config/json_text.h"
#include "model/config_json.h"
#include "model/schema.h"
#include "target.h"

namespace fastformer::fuzz {

void run(std::string_view bytes) {
  const model::ModelConfig config = model::parse_config_text(bytes, "input");
  const config::Json document = model::config_document(config);
  promise(model::config_document(model::parse_config(document, "again")) == document);
  for (const model::TensorSpec& tensor : model::tensors_of(config)) promise(tensor.elements() > 0);
}

}  // namespace fastformer::fuzz
