// How much memory a process has held.
#pragma once

#include <cstdint>
#include <string>

namespace fastformer {

// Bytes that a process has held in memory at most since its program began; 0 where the system does
// not say, and of a process that has ended. `process` is a number, or "self".
std::int64_t peak_memory(const std::string& process = "self");

// Makes this process's begin anew from what is in use, where the system allows it.
void reset_peak_memory();

}  // namespace fastformer
