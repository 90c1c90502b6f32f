// What an encoder's file hands to the table of encoders.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "learn/encoders/encoder.h"

namespace fastformer::learn {

struct EncoderRow {
  model::EncoderKind kind;
  std::unique_ptr<Encoder> (*make)(const model::ModelConfig&);
  // Multiplications and additions of mixing for a token of a document of so many tokens: see
  // operations.h.
  double (*operations)(const model::ModelConfig&, double length);
};

// The row of an encoder made from a configuration and the own options in it. These count its
// operations, or, where they are not of its file, the encoder does.
template <typename Choices, typename Made>
EncoderRow encoder_row(std::string name) {
  EncoderRow row;
  row.kind.name = std::move(name);
  row.kind.choices = []() -> std::unique_ptr<model::EncoderChoices> {
    return std::make_unique<Choices>();
  };
  row.make = [](const model::ModelConfig& config) -> std::unique_ptr<Encoder> {
    return std::make_unique<Made>(config, dynamic_cast<const Choices&>(config.choices()));
  };
  row.operations = [](const model::ModelConfig& config, double length) {
    const auto& choices = dynamic_cast<const Choices&>(config.choices());
    if constexpr (requires { choices.operations(config, length); }) {
      return choices.operations(config, length);
    } else {
      return Made::operations(choices, config);
    }
  };
  return row;
}

}  // namespace fastformer::learn
