// Products in bfloat16 for as long as training wants them.
#pragma once

#include "learn/parameters.h"

namespace fastformer::learn {

// From here to its end products with the parameters are taken in bfloat16. The few that stay in
// float32 may be rounded to TF32 on a GPU, which is finer.
class NarrowProducts {
 public:
  explicit NarrowProducts(Parameters& parameters)
      : parameters_(parameters),
        on_gpu_(parameters.tensors().front().is_cuda()),
        before_(on_gpu_ && at::globalContext().allowTF32CuBLAS()) {
    parameters_.set_products(at::kBFloat16);
    if (on_gpu_) at::globalContext().setAllowTF32CuBLAS(true);
  }
  ~NarrowProducts() {
    parameters_.set_products(at::kFloat);
    if (on_gpu_) at::globalContext().setAllowTF32CuBLAS(before_);
  }
  NarrowProducts(const NarrowProducts&) = delete;
  NarrowProducts& operator=(const NarrowProducts&) = delete;

 private:
  Parameters& parameters_;
  bool on_gpu_, before_;
};

}  // namespace fastformer::learn
