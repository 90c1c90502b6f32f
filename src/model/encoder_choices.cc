// The table of a program's encoders and their choices.
#include "model/encoder_choices.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "model/model_config.h"

namespace fastformer::model {
namespace {

std::vector<EncoderKind>& other_encoders() {
  static std::vector<EncoderKind> kinds;
  return kinds;
}

std::string advice(const std::string& name) {
  std::string text = near_or_known(name, encoder_names());
  if (!other_encoders().empty()) return text;
  return text + (text.ends_with('?') ? " " : ". ") + "Other encoders run through fastformer-train";
}

}  // namespace

UnknownEncoder::UnknownEncoder(std::string name, const std::string& where, ErrorKind kind)
    : Error("unknown encoder \"" + printable(name) + "\"", where, advice(name), kind),
      name_(std::move(name)) {}

void add_encoders(const std::vector<EncoderKind>& kinds) {
  for (const EncoderKind& kind : kinds) {
    const std::vector<std::string> known = encoder_names();
    if (std::find(known.begin(), known.end(), kind.name) != known.end()) continue;
    other_encoders().push_back(kind);
  }
}

std::vector<std::string> encoder_names() {
  std::vector<std::string> names = {kFastformer};
  for (const EncoderKind& kind : other_encoders()) names.push_back(kind.name);
  return names;
}

OtherChoices::OtherChoices() {
  for (const EncoderKind& kind : other_encoders()) choices_.emplace_back(kind.name, kind.choices());
}

OtherChoices::OtherChoices(const OtherChoices& other) {
  for (const auto& [name, choices] : other.choices_) choices_.emplace_back(name, choices->copy());
}

OtherChoices& OtherChoices::operator=(const OtherChoices& other) {
  for (const auto& [name, choices] : other.choices_) {
    if (EncoderChoices* own = find(name)) own->assign(*choices);
  }
  return *this;
}

EncoderChoices* OtherChoices::find(std::string_view name) {
  for (const auto& [candidate, choices] : choices_) {
    if (candidate == name) return choices.get();
  }
  return nullptr;
}

const EncoderChoices* OtherChoices::find(std::string_view name) const {
  return const_cast<OtherChoices*>(this)->find(name);
}

void OtherChoices::describe(config::OptionSet& options) {
  for (const auto& [name, choices] : choices_) choices->describe(options);
}

void refuse_options_of_others(const ModelConfig& config, const config::OptionSet& given) {
  const std::string& chosen = config.encoder.encoder;
  for (const std::string& name : encoder_names()) {
    if (name == chosen) continue;
    ModelConfig other;
    other.encoder.encoder = name;
    config::OptionSet options;
    other.choices().describe(options);
    for (const config::Option& option : options.options()) {
      const config::Option* found = given.find(option.name);
      if (!found || found->source <= config::Source::kPreset) continue;
      throw usage_error("is an option of the encoder " + name + ", and the encoder is " + chosen,
                        "--" + option.name, "Leave it out, or choose --encoder " + name);
    }
  }
}

}  // namespace fastformer::model
