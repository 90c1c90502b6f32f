// Counts the operations of blocks and pooling.
#include "learn/encoders/operations.h"

#include "learn/encoders/encoder.h"

namespace fastformer::learn {
namespace {

double local_operations(const model::EncoderOptions& encoder) {
  if (encoder.local == Local::kNone) return 0;
  const int convolutions = encoder.local == Local::kGated ? 2 : 1;
  return convolutions * product_operations(encoder.local_width, encoder.width);
}

}  // namespace

double operations_per_token(const model::ModelConfig& config, double length) {
  const model::EncoderOptions& encoder = config.encoder;
  const double width = encoder.width;
  const double layer = mixing_operations(config, length) + product_operations(width, width) +
                       local_operations(encoder) +
                       2 * product_operations(encoder.feed_forward, width);
  const bool attends = encoder.pooling != Pooling::kMax && !config.is_pretrained_encoder();
  const double pooling = attends ? product_operations(width, width) + 4 * width : 0;
  return encoder.layers * layer + pooling;
}

}  // namespace fastformer::learn
