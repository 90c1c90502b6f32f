// Translation of c10::Error.
#include "learn/torch_errors.h"

#include <c10/util/Exception.h>
#include <fastformer/error.h>

#include <new>
#include <string>

namespace fastformer::learn {
namespace {

// The processor's allocator has no type of error of its own.
bool is_out_of_memory(const std::string& message) {
  return message.find("DefaultCPUAllocator") != std::string::npos;
}

}  // namespace

int with_torch_errors(const std::function<int()>& body) {
  try {
    return body();
  } catch (const c10::OutOfMemoryError&) {
    throw std::bad_alloc();
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    if (is_out_of_memory(message)) throw std::bad_alloc();
    throw Error(message.substr(0, message.find('\n')), "libtorch");
  }
}

}  // namespace fastformer::learn
