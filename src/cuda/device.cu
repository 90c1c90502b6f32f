// Which GPU is used.
#include "cuda/device_code.cuh"

namespace fastformer::cuda {

void select_device(int index) {
  const cudaError_t error = cudaSetDevice(index);
  if (error == cudaSuccess) return;
  throw Error(std::string("the GPU cannot be used (") + cudaGetErrorString(error) + ")", "--device",
              "Use --device cpu");
}

}  // namespace fastformer::cuda
