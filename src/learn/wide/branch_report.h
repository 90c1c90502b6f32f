// How two branches are mixed, and how well each of them and the mix do on held-out documents.
#pragma once

#include <span>
#include <vector>

#include "learn/tasks/task.h"
#include "metrics/target_kind.h"
#include "model/branch_fit.h"

namespace fastformer::learn {

// What documents get from branches that have not learnt from them, [documents, labels] each.
// `wide` is empty where there is no wide branch.
struct HeldOut {
  std::vector<float> wide, encoder, targets;

  void append(const HeldOut& more);
};

struct BranchReport {
  Validation wide, encoder, both;
  model::BranchFactors factors;
  double encoder_share = 0;
};

// Fits the factors to held-out documents and mixes the wide branch's scores into the encoder's
// logits. Without documents the factors are those that give both branches a like say. Throws when
// there are not as many scores as logits.
BranchReport mix_branches(HeldOut& held_out, std::size_t labels, metrics::TargetKind kind);

}  // namespace fastformer::learn
