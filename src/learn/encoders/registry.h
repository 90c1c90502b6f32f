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
};

// The row of an encoder made from a configuration and the own options in it.
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
  return row;
}

}  // namespace fastformer::learn
