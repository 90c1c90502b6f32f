// Devices by name, and libtorch's CUDA part on demand.
#include "learn/device.h"

#include <dlfcn.h>
#include <fastformer/error.h>

#include <optional>
#include <string_view>

#include "base/strings.h"

namespace fastformer::learn {
namespace {

constexpr char kCudaLibrary[] = "libtorch_cuda.so";

// The folder of the libtorch_cpu in use, with a final slash; empty when it cannot be told.
std::string libtorch_folder() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void*>(&at::globalContext), &info) || !info.dli_fname) return "";
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/') + 1);
}

// Only libtorch_cpu is linked. The CUDA part registers itself when it is loaded, which must come
// before libtorch is first asked about GPUs: it remembers the answer.
void load_cuda() {
  const std::string path = libtorch_folder() + kCudaLibrary;
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) return;
  const char* reason = dlerror();
  throw Error("libtorch's CUDA part cannot be loaded (" +
                  std::string(reason ? reason : "no reason given") + ")",
              "--device", "Install a libtorch with CUDA, or use --device cpu");
}

// N of "cuda:N", 0 of "cuda".
std::optional<std::int64_t> cuda_index(const std::string& name) {
  if (name == "cuda") return 0;
  if (!name.starts_with("cuda:")) return std::nullopt;
  return parse_int(std::string_view(name).substr(5));
}

}  // namespace

at::Device device_named(const std::string& name) {
  if (name == "cpu") return at::Device(at::kCPU);
  const std::optional<std::int64_t> index = cuda_index(name);
  if (!index || *index < 0) {
    throw usage_error("unknown device \"" + printable(name) + "\"", "--device",
                      "Known: cpu, cuda, cuda:N");
  }
  load_cuda();
  const std::int64_t count = at::detail::getCUDAHooks().getNumGPUs();
  if (count < 1) throw Error("there is no GPU that can be used", "--device", "Use --device cpu");
  if (*index >= count) {
    throw Error("there is no GPU " + std::to_string(*index) + ": they are numbered from 0 to " +
                    std::to_string(count - 1),
                "--device");
  }
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(*index));
}

at::Tensor on_device(const at::Tensor& tensor, at::Device device) {
  if (device.is_cpu() || !tensor.is_cpu() || tensor.numel() == 0) return tensor.to(device);
  // Only from memory that stays in place can a copy go on by itself; libtorch keeps that memory
  // until the copy is done.
  return tensor.pin_memory().to(device, tensor.scalar_type(), /*non_blocking=*/true);
}

}  // namespace fastformer::learn
