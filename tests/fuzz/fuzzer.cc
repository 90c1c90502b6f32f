// The entry point of libFuzzer.
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    fastformer::fuzz::run({reinterpret_cast<const char*>(bytes), size});
  } catch (const fastformer::Error&) {
    // The clear word that bad input is to get.
  }
  return 0;
}
