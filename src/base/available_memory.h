// How much memory a program may still take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fastformer {

// Bytes that this process can take before the machine, or the control group that it runs in, has no
// more; nothing where neither says so. What only speeds up files counts as free.
std::optional<std::int64_t> available_memory();

// The same by the files below `root`, as they are laid out below "/".
std::optional<std::int64_t> available_memory(const std::string& root);

}  // namespace fastformer
