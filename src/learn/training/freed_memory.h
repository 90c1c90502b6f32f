// What the C library does with memory that training frees.
#pragma once

namespace fastformer::learn {

// Keeps freed blocks: every step frees and takes the same large ones, and unless told so glibc
// gives them back to the system each time and gets them anew, page by page, which is a tenth of a
// step.
void keep_freed_memory();

// Gives back what is free now. Batches of ragged documents differ in size, so that kept blocks
// rarely fit the next ones and would pile up over some thousand steps.
void return_freed_memory();

}  // namespace fastformer::learn
