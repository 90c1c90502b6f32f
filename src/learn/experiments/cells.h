// What a comparison consists of: variants of a model, and a cell for each measurement of one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fastformer::learn {

// A model by another encoder or by other switches.
struct Variant {
  std::string name;     // in tables
  std::string encoder;  // what --encoder says
  std::vector<std::string> flags;
};

// What variants may be of: "encoders" and the paper's two ablations.
const std::vector<std::string>& variant_lists();

// What a comparison of a list's variants is called.
std::string title_of(const std::string& list);

// The variants of a list; those of "encoders" are `encoders`. An unknown list, or names that are
// unknown or given twice, are a usage error.
std::vector<Variant> variants_of(const std::string& list, const std::vector<std::string>& encoders);

enum class CellKind {
  kAccuracy,     // a training with one seed, and what its model does on the test rows
  kTraining,     // a step of training on documents of one length
  kUse,          // a forward pass over them
  kUseBFloat16,  // the same, multiplied in bfloat16
};

struct Cell {
  CellKind kind = CellKind::kAccuracy;
  std::size_t variant = 0;  // in the list
  std::int64_t number = 0;  // the seed, or the tokens of a document
  std::string name;         // "linformer, seed 0"; of no other cell
  bool is_sweep() const { return kind != CellKind::kAccuracy; }
};

// In the order in which they are to be done: trainings seed by seed, then the sweep from the
// shortest documents on. Of Fastformer, whose runtime has both, use is also measured in bfloat16.
std::vector<Cell> cells_of(const std::vector<Variant>& variants,
                           const std::vector<std::int64_t>& seeds,
                           const std::vector<std::int64_t>& lengths);

// Whether both are points of one curve.
bool same_curve(const Cell& a, const Cell& b);

// A name for files: letters, digits and '-' of `name`.
std::string file_name_of(const std::string& name);

}  // namespace fastformer::learn
