// Settings of glibc's allocator, and large blocks beside it.
#include "learn/training/freed_memory.h"

#include <malloc.h>

#include "learn/training/large_blocks.h"

namespace fastformer::learn {

void keep_freed_memory() {
  keep_large_blocks();
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the largest it takes
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

void return_freed_memory() {
  release_large_blocks();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace fastformer::learn
