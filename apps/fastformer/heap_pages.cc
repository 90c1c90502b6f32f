// Settings of glibc's heap, and a hint to the kernel about it.
#include "fastformer/heap_pages.h"

#include <cstdint>
#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

namespace fastformer::apps {

void take_huge_pages() {
#if defined(__GLIBC__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t kHeap = std::uintptr_t{32} << 20, kPage = std::uintptr_t{2} << 20;
  constexpr int kUsualPad = 128 * 1024;  // glibc's
  // What is counted is not taken ahead of need.
  constexpr decltype(RLIMIT_AS) kCounted[] = {RLIMIT_AS, RLIMIT_DATA};
  for (const auto counted : kCounted) {
    rlimit limit = {};
    if (getrlimit(counted, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY) return;
  }
  mallopt(M_MMAP_THRESHOLD, kHeap);  // large blocks lie in the heap too,
  mallopt(M_TRIM_THRESHOLD, 2 * kHeap);
  mallopt(M_TOP_PAD, kHeap);  // which grows so far at once, this first time
  const auto begin = reinterpret_cast<std::uintptr_t>(sbrk(0));
  void* volatile block = std::malloc(kPage);  // volatile: it would be left out
  std::free(block);
  mallopt(M_TOP_PAD, kUsualPad);
  const auto end = reinterpret_cast<std::uintptr_t>(sbrk(0));
  const std::uintptr_t first = (begin + kPage - 1) / kPage * kPage, last = end / kPage * kPage;
  if (begin < end && first < last) {
    madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
  }
#endif
}

}  // namespace fastformer::apps
