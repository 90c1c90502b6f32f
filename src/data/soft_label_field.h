// Reads a distribution over labels from the field that holds it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "data/record.h"
#include "text/repair.h"

namespace fastformer::data {

// How far from 1 the shares of a distribution may sum to; they are then made to sum to 1.
inline constexpr double kShareTolerance = 0.01;

// Sets the record's labels and shares from JSON: {"label": share, ...}, or a list of {"label": ..,
// "score": ..} as fastformer predict writes it. Labels of share 0 are left out, and shares of a
// label that is named twice add up. Returns the reason when it is no distribution, else an empty
// string.
std::string set_soft_labels(const std::string& json, Record& record, text::RepairCounts& repairs);

// Whether a value has the form of a distribution, whatever its shares sum to.
bool looks_like_distribution(const nlohmann::json& value);

}  // namespace fastformer::data
