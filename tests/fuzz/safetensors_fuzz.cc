// Tensor files: tensors lie within the bytes and hold what their shapes say.
#include <span>

#include "model/safetensors.h"
#include "target.h"

namespace fastformer::fuzz {

void run(std::string_view bytes) {
  const auto all = std::as_bytes(std::span(bytes));
  const model::SafetensorsContent content = model::parse_safetensors(all, "input");
  for (const auto& [name, tensor] : content.tensors) {
    promise(tensor.bytes.size() <= all.size());
    if (tensor.bytes.empty()) continue;
    promise(tensor.bytes.data() >= all.data());
    promise(tensor.bytes.data() + tensor.bytes.size() <= all.data() + all.size());
    promise(tensor.elements() > 0);
    promise(tensor.bytes.size() % static_cast<std::size_t>(tensor.elements()) == 0);
  }
}

}  // namespace fastformer::fuzz
