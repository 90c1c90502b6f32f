// The version of the library.
#pragma once

#define FASTFORMER_VERSION_MAJOR 0
#define FASTFORMER_VERSION_MINOR 1
#define FASTFORMER_VERSION_PATCH 0

namespace fastformer {

// Of the headers that a program was compiled with: "MAJOR.MINOR.PATCH".
inline constexpr const char* kVersion = "0.1.0";

// Of the library that a program was linked with, in the same form.
const char* library_version();

}  // namespace fastformer
