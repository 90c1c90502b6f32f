// fastformer import: a model folder from weights that another program trained.
#include <fastformer/error.h>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "commands/commands.h"
#include "commands/output_folder.h"
#include "io/files.h"
#include "model/config_json.h"
#include "model/folder.h"
#include "model/model_card.h"
#include "model/official_import.h"

namespace fastformer::apps {
namespace {

constexpr char kUsage[] =
    "usage: fastformer import --from official --weights FILE.safetensors --output DIR [OPTIONS]\n\n"
    "Makes a model folder from the authors' PyTorch weights. Such a model takes token ids\n"
    "(fastformer predict --token-ids).\n";

void write_imported(const io::WorkFolder& folder, const model::ImportedModel& imported,
                    const std::string& weights) {
  model::CardFacts facts;
  facts.name = io::base_name(folder.final_path());
  facts.config = imported.config;
  facts.has_tokenizer = false;
  facts.origin = "The weights were imported from " + io::base_name(weights) +
                 ", trained with the authors' PyTorch code.";
  model::ModelParts parts;
  parts.config = imported.config;
  parts.extra = {{model::kImportSection, {{"from", "official"}, {"file", io::base_name(weights)}}}};
  for (const model::FloatTensor& tensor : imported.tensors) parts.tensors.push_back(tensor.view());
  parts.card = model::model_card(facts);
  model::write_model_folder(folder.path(), parts);
}

}  // namespace

int run_import(Arguments arguments) {
  std::string from = "official", weights, configuration, output;
  config::OptionSet options;
  options.add("from", &from, "NAME", "whose tensor names the file uses: official")
      .add("weights", &weights, "FILE", "safetensors file")
      .add("config", &configuration, "FILE", "JSON configuration; else the file's own metadata")
      .add("output", &output, "DIR", "model folder to write; must not exist");
  if (parse_or_help(options, arguments, kUsage)) return kDone;
  if (from != "official") {
    throw usage_error("unknown source \"" + printable(from) + "\"", "--from", "Known: official");
  }
  require(weights, "--weights");
  require(output, "--output");
  const model::ImportedModel imported = model::import_official(weights, configuration);
  make_model_folder(
      output, [&](const io::WorkFolder& folder) { write_imported(folder, imported, weights); });
  return kDone;
}

}  // namespace fastformer::apps
