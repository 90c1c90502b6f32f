// What every fuzz target defines: it may throw an Error at any bytes, and nothing else may happen.
#pragma once

#include <fastformer/error.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace fastformer::fuzz {

void run(std::string_view bytes);

// A promise that does not hold ends the program.
inline void promise(bool holds) {
  if (!holds) std::abort();
}

}  // namespace fastformer::fuzz
