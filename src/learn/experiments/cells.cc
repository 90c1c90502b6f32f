// Lists variants and cells.
#include "learn/experiments/cells.h"

#include <fastformer/error.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "config/options.h"
#include "model/encoder_choices.h"
#include "model/model_config.h"

namespace fastformer::learn {
namespace {

std::vector<Variant> encoder_variants(const std::vector<std::string>& encoders) {
  const std::vector<std::string> known = model::encoder_names();
  std::set<std::string> seen;
  std::vector<Variant> variants;
  for (const std::string& name : encoders) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      config::fail_unknown("unknown encoder " + printable(name), name, known, "--encoders");
    }
    if (!seen.insert(name).second) throw usage_error(name + " is given twice", "--encoders");
    variants.push_back({name, name, {}});
  }
  return variants;
}

Variant fastformer_with(const std::string& name, std::vector<std::string> flags) {
  return {name, model::kFastformer, std::move(flags)};
}

// How a global vector meets a token's (Paper, section 3.4, "Influence of Interaction Function").
std::vector<Variant> interaction_variants() {
  std::vector<Variant> variants;
  for (const char* name : {"product", "sum", "concatenation"}) {
    variants.push_back(fastformer_with(name, {std::string("--interaction=") + name}));
  }
  return variants;
}

// What shares parameters (Paper, section 3.4, "Influence of Parameter Sharing").
std::vector<Variant> sharing_variants() {
  const std::string value = "--share-query-value", heads = "--share-heads";
  const std::string layers = "--share-layers";
  return {fastformer_with("nothing shared",
                          {"--no-share-query-value", "--no-share-heads", "--no-share-layers"}),
          fastformer_with("query and value", {value, "--no-share-heads", "--no-share-layers"}),
          fastformer_with("query, value and heads", {value, heads, "--no-share-layers"}),
          fastformer_with("query, value and layers", {value, "--no-share-heads", layers}),
          fastformer_with("all shared", {value, heads, layers})};
}

std::string name_of(const Variant& variant, CellKind kind, std::int64_t number) {
  const std::string tokens = " at " + std::to_string(number) + " tokens";
  switch (kind) {
    case CellKind::kAccuracy:
      return variant.name + ", seed " + std::to_string(number);
    case CellKind::kTraining:
      return variant.name + ", training" + tokens;
    case CellKind::kUse:
      return variant.name + ", use" + tokens;
    case CellKind::kUseBFloat16:
      break;
  }
  return variant.name + ", use in bfloat16" + tokens;
}

}  // namespace

const std::vector<std::string>& variant_lists() {
  static const std::vector<std::string> names = {"encoders", "interaction", "sharing"};
  return names;
}

std::string title_of(const std::string& list) {
  if (list == "interaction") return "Interaction functions of Fastformer";
  if (list == "sharing") return "Shared parameters of Fastformer";
  return "Comparison of encoders";
}

std::vector<Variant> variants_of(const std::string& list,
                                 const std::vector<std::string>& encoders) {
  if (list == "encoders") return encoder_variants(encoders);
  if (list == "interaction") return interaction_variants();
  if (list == "sharing") return sharing_variants();
  config::fail_unknown("unknown list " + printable(list), list, variant_lists(), "--variants");
}

std::vector<Cell> cells_of(const std::vector<Variant>& variants,
                           const std::vector<std::int64_t>& seeds,
                           const std::vector<std::int64_t>& lengths) {
  std::vector<Cell> cells;
  const auto add = [&](CellKind kind, std::size_t variant, std::int64_t number) {
    cells.push_back({kind, variant, number, name_of(variants[variant], kind, number)});
  };
  for (const std::int64_t seed : seeds) {
    for (std::size_t v = 0; v < variants.size(); ++v) add(CellKind::kAccuracy, v, seed);
  }
  std::vector<std::int64_t> ascending = lengths;
  std::sort(ascending.begin(), ascending.end());
  for (const std::int64_t length : ascending) {
    for (std::size_t v = 0; v < variants.size(); ++v) {
      add(CellKind::kTraining, v, length);
      add(CellKind::kUse, v, length);
      if (variants[v].encoder == model::kFastformer) add(CellKind::kUseBFloat16, v, length);
    }
  }
  return cells;
}

bool same_curve(const Cell& a, const Cell& b) {
  return a.is_sweep() && a.kind == b.kind && a.variant == b.variant;
}

std::string file_name_of(const std::string& name) {
  std::string file;
  for (const char c : name) {
    const bool kept =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (kept) {
      file += c;
    } else if (!file.empty() && file.back() != '-') {
      file += '-';
    }
  }
  return file;
}

}  // namespace fastformer::learn
