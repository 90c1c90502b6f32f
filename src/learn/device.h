// Where tensors live: the processor or a GPU.
#pragma once

#include <string>

#include "learn/precompiled.h"

namespace fastformer::learn {

// cpu, cuda or cuda:N. Loads libtorch's CUDA part when it is asked for. An unknown name is a usage
// error; an Error says what is missing when there is no such device.
at::Device device_named(const std::string& name);

}  // namespace fastformer::learn
