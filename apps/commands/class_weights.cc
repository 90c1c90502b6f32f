// Weights from counts and from files.
#include "commands/class_weights.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "config/json_text.h"
#include "config/options.h"
#include "io/files.h"

namespace fastformer::apps {
namespace {

constexpr std::size_t kFileLimit = std::size_t{64} << 20;
constexpr double kSmallest = 1e-6, kLargest = 1e6;

std::vector<float> from_counts(std::size_t labels, const data::Targets& train,
                               metrics::TargetKind kind) {
  std::vector<double> counts(labels, 0);
  for (std::size_t i = 0; i < train.size(); ++i) {
    for (std::size_t n = 0; n < train.of(i).size(); ++n) {
      counts[static_cast<std::size_t>(train.of(i)[n])] += train.shares_of(i)[n];
    }
  }
  const auto rows = static_cast<double>(train.size());
  std::vector<float> weights;
  for (const double count : counts) {
    // A label that only validation rows have.
    const double seen = std::max(count, 1.0);
    weights.push_back(static_cast<float>(kind == metrics::TargetKind::kSingle
                                             ? rows / (static_cast<double>(labels) * seen)
                                             : std::sqrt(std::max(1.0, (rows - seen) / seen))));
  }
  return weights;
}

config::Json checked_file(const std::string& path) {
  config::Json document = config::parse_json<config::Json>(io::read_file(path, kFileLimit), path);
  if (!document.is_object()) {
    throw Error("must be a JSON object {\"label\": weight, ...}", path);
  }
  for (const auto& [label, weight] : document.items()) {
    if (weight.is_number() && weight.get<double>() >= kSmallest &&
        weight.get<double>() <= kLargest) {
      continue;
    }
    throw Error("the weight of \"" + printable(label) + "\" is " + printable(weight.dump(), 40) +
                    ", not a number above 0, from 0.000001 to 1,000,000",
                path);
  }
  return document;
}

std::vector<float> from_file(const std::string& path, const std::vector<std::string>& labels) {
  std::vector<float> weights(labels.size(), 1);
  const config::Json document = checked_file(path);
  for (const auto& [label, weight] : document.items()) {
    const auto at = std::find(labels.begin(), labels.end(), label);
    if (at == labels.end()) {
      const auto near = nearest(label, labels);
      throw Error("has a weight for \"" + printable(label) + "\", which no row has", path,
                  near ? "Did you mean " + printable(*near) + "?" : "");
    }
    weights[static_cast<std::size_t>(at - labels.begin())] = weight.get<float>();
  }
  return weights;
}

}  // namespace

void check_class_weights(const std::string& choice) {
  if (choice == "none" || choice == "auto") return;
  if (io::exists(choice)) {
    checked_file(choice);
    return;
  }
  throw Error("there is no file \"" + printable(choice, 1000) + "\"", "--class-weights",
              "Give none, auto or a file");
}

std::vector<float> class_weights(const std::string& choice, const std::vector<std::string>& labels,
                                 const data::Targets& train, metrics::TargetKind kind) {
  if (choice == "none") return {};
  if (choice == "auto") return from_counts(labels.size(), train, kind);
  return from_file(choice, labels);
}

}  // namespace fastformer::apps
