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

// What becomes of a document's hidden states: their mean under attention pooling (as published),
// each channel's largest, or the one after the other.
enum class Pooling { kAttention, kMax, kBoth };

// Whether a block mixes neighbouring tokens beside its attention: not at all, by a depthwise
// convolution, or by one that another one gates.
enum class Local { kNone, kConvolution, kGated };

// In training: every token drops hidden units of its own, or all tokens of a document the same.
enum class DropoutMask { kToken, kDocument };

}  // namespace fastformer
