// The choices that change what an encoder computes, shared by reference, kernels, torch and
// configuration.
#pragma once

namespace fastformer {

// How a global vector meets each token's vector (paper, section 4.5, "Influence of Interaction
// Function").
enum class Interaction {
  kProduct,        // element by element, as published
  kSum,            // element by element
  kConcatenation,  // [global; token] through a learned [width, 2 * width] product
};

// What a head's score sees of the token's query (or of the key that met the global query).
enum class HeadScores {
  kWhole,  // all of it, as in the authors' code
  kSlice,  // the head's own slice, as the paper's text reads
};

enum class Positions { kLearned, kSinusoidal, kNone };

// Where layer normalisation stands in a block: after each residual sum, before each part (with one
// more after the last block), or nowhere.
enum class NormPlacement { kPost, kPre, kNone };

}  // namespace fastformer
