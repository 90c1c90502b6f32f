// The table of encoders.
#include <fastformer/error.h>

#include <array>

#include "learn/encoders/encoder.h"
#include "learn/encoders/fastformer.h"

namespace fastformer::learn {
namespace {

struct Row {
  const char* name;
  std::unique_ptr<Encoder> (*make)(const model::ModelConfig&);
};

constexpr std::array kEncoders = {Row{"fastformer", make_fastformer}};

}  // namespace

std::unique_ptr<Encoder> make_encoder(const model::ModelConfig& config) {
  std::vector<std::string> known;
  for (const Row& row : kEncoders) {
    if (config.encoder.encoder == row.name) return row.make(config);
    known.emplace_back(row.name);
  }
  config::fail_unknown("unknown encoder " + config.encoder.encoder, config.encoder.encoder, known,
                       "encoder");
}

}  // namespace fastformer::learn
