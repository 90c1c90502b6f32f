// Where tensors live: the processor or a GPU.
#pragma once

#include <string>

#include "learn/precompiled.h"

namespace fastformer::learn {

// cpu, cuda or cuda:N. Loads libtorch's CUDA part when it is asked for. An unknown name is a usage
// error; an Error says what is missing when there is no such device.
at::Device device_named(const std::string& name);

// `tensor` on `device`. One of the processor is on its way there when this returns: what uses it on
// the device comes after it, and the host goes on, which Tensor::to would not let it do.
at::Tensor on_device(const at::Tensor& tensor, at::Device device);

}  // namespace fastformer::learn
