// Turns denormal numbers to 0 for a scope, on x86.
#pragma once

#include <immintrin.h>

namespace fastformer::kernels {
namespace {

class SseWithoutDenormals {
 public:
  SseWithoutDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFlushToZero | kAreZero); }
  ~SseWithoutDenormals() { _mm_setcsr(before_); }
  SseWithoutDenormals(const SseWithoutDenormals&) = delete;
  SseWithoutDenormals& operator=(const SseWithoutDenormals&) = delete;

 private:
  static constexpr unsigned kFlushToZero = 0x8000, kAreZero = 0x0040;
  unsigned before_;
};

}  // namespace
}  // namespace fastformer::kernels
