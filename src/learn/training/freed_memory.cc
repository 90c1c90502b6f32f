// Settings of glibc's allocator.
#include "learn/training/freed_memory.h"

#include <malloc.h>

namespace fastformer::learn {

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);  // no block of its own mapping: M_MMAP_THRESHOLD goes up to 32 MB only
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

void return_freed_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace fastformer::learn
