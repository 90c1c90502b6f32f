// Simple loops compiled for several instruction sets, of which the loader picks one.
#pragma once

#if __has_include(<features.h>)
#include <features.h>  // tells glibc, whose loader can pick
#endif

// Before a function, not a template, of loops that compilers vectorize by themselves. Its results
// are the same on every set, since contraction is off and no order of summation changes. What it
// calls has to be inlined. x86-64-v4 asks for AVX-512 (F, BW, CD, DQ, VL) on any processor; the
// name of one would ask for that processor. Address and thread sanitizers are not ready yet when
// the loader picks.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FASTFORMER_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define FASTFORMER_CLONES
#endif
