// Which GPU is used, and what it can do.
#include <vector>

#include "cuda/device_code.cuh"
#include "cuda/token_sums.cuh"

namespace fastformer::cuda {
namespace {

// The oldest generation that has bfloat16 and whose code is built (cmake/Cuda.cmake).
constexpr int kOldest = 8;

std::vector<std::int64_t> limits_of_all() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess) return {};
  std::vector<std::int64_t> limits;
  for (int device = 0; device < devices; ++device) {
    int generation = 0, bytes = 0;
    cudaDeviceGetAttribute(&generation, cudaDevAttrComputeCapabilityMajor, device);
    cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
    limits.push_back(generation >= kOldest ? bytes : 0);
  }
  return limits;
}

}  // namespace

bool are_on_processor() { return kOnProcessor; }

void select_device(int index) {
  const cudaError_t error = cudaSetDevice(index);
  if (error == cudaSuccess) return;
  throw Error(std::string("the GPU cannot be used (") + cudaGetErrorString(error) + ")", "--device",
              "Use --device cpu");
}

std::int64_t most_shared_memory(int device) {
  static const std::vector<std::int64_t> limits = limits_of_all();
  const auto index = static_cast<std::size_t>(device);
  return index < limits.size() ? limits[index] : 0;
}

bool has_kernels(int device, std::int64_t width) {
  constexpr std::int64_t kMostColumns = 1024;  // in registers
  return width > 0 && width % (kWarps * kVector) == 0 && width <= kMostColumns &&
         least_shared_memory(width) <= most_shared_memory(device);
}

}  // namespace fastformer::cuda
