// The wide branch's table as tensors of a model file.
#pragma once

#include <vector>

#include "model/model_config.h"
#include "model/safetensors.h"
#include "model/wide_table.h"

namespace fastformer::model {

// The table of a file, which must outlive it: its numbers are read where they lie. The tensors have
// been checked to be those of wide_tensors_of(config). Throws an Error that names the file for
// buckets out of order or range and for numbers that are not finite.
WideTable wide_table_of(const SafetensorsFile& file, const ModelConfig& config);

// Appends the table's tensors, as views into it, in the order of wide_tensors_of.
void append_tensors(const WideTable& table, std::vector<NamedTensor>& tensors);

}  // namespace fastformer::model
