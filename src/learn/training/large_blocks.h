// Large tensors' memory, kept from one step of training to the next.
#pragma once

#include <cstddef>

namespace fastformer::learn {

// From here on libtorch's tensors of 4 MB and more on the processor lie in blocks that are kept
// when they are given back, for the next tensor of about their size, as long as no more memory is
// held than was in use at once before. Blocks are whole pages of 2 MB, so that a tensor of 5 MB
// takes 6. (malloc maps those of 32 MB and more anew each time, page by page, and the others leave
// gaps in its heap.)
void keep_large_blocks();

// Gives what is kept back to the system.
void release_large_blocks();

// Bytes in such blocks, in use or kept.
std::size_t held_in_large_blocks();

}  // namespace fastformer::learn
