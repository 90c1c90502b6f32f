// The table of encoders.
#include "learn/encoders/registry.h"

#include <fastformer/error.h>

#include <vector>

#include "learn/encoders/operations.h"

// A line here and the file NAME.cc, which defines NAME_encoder(), are all of an encoder.
// clang-format off
#define FASTFORMER_ENCODERS(row) \
  row(fastformer)                \
  row(transformer)               \
  row(longformer)                \
  row(bigbird)                   \
  row(linformer)                 \
  row(linear_transformer)        \
  row(poolingformer)
// clang-format on

namespace fastformer::learn {

#define DECLARED(name) EncoderRow name##_encoder();
FASTFORMER_ENCODERS(DECLARED)
#undef DECLARED

namespace {

const std::vector<EncoderRow>& encoder_table() {
#define MADE(name) name##_encoder(),
  static const std::vector<EncoderRow> rows = {FASTFORMER_ENCODERS(MADE)};
#undef MADE
  return rows;
}

const EncoderRow& row_of(const std::string& name) {
  for (const EncoderRow& row : encoder_table()) {
    if (name == row.kind.name) return row;
  }
  throw model::UnknownEncoder(name, "encoder", ErrorKind::kUsage);
}

}  // namespace

std::unique_ptr<Encoder> make_encoder(const model::ModelConfig& config) {
  return row_of(config.encoder.encoder).make(config);
}

double mixing_operations(const model::ModelConfig& config, double length) {
  return row_of(config.encoder.encoder).operations(config, length);
}

void install_encoders() {
  std::vector<model::EncoderKind> kinds;
  for (const EncoderRow& row : encoder_table()) kinds.push_back(row.kind);
  model::add_encoders(kinds);
}

}  // namespace fastformer::learn
