// How much the labels' errors count.
#pragma once

#include <string>
#include <vector>

#include "data/targets.h"
#include "metrics/target_kind.h"

namespace fastformer::apps {

// Throws, before rows are read, when the choice is neither a word nor a file.
void check_class_weights(const std::string& choice);

// One weight a label, as --class-weights says it; none for "none". "auto": of one label a document
// rows / (labels * rows of the label), so that all labels weigh alike; of several the square root
// of rows without the label over rows with it, and at least 1. Else a file with a JSON object
// {"label": weight, ...}; labels that it does not name weigh 1. Throws an Error that names the file
// for weights that are not above 0, and for labels that no row has.
std::vector<float> class_weights(const std::string& choice, const std::vector<std::string>& labels,
                                 const data::Targets& train, metrics::TargetKind kind);

}  // namespace fastformer::apps
