// Renders calibration.
#include "report/reliability.h"

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "report/table.h"

namespace fastformer::report {

using config::Json;

std::string reliability_table(const ScoreReport& scores) {
  constexpr Align kRight = Align::kRight;
  Table table({{"score"}, {"rows", kRight}, {"mean score", kRight}, {"accuracy", kRight}});
  for (const metrics::CalibrationBin& bin : scores.calibration.bins) {
    if (bin.rows == 0) continue;
    table.add_row({format_fixed(bin.low, 3) + " - " + format_fixed(bin.high, 3),
                   format_count(bin.rows), format_fixed(bin.confidence, 4),
                   format_fixed(bin.accuracy, 4)});
  }
  const std::int64_t known = scores.calibration.rows - scores.unknown;
  const auto over_known = [known](double value) {
    return known > 0 ? format_fixed(value, 4) : std::string("-");
  };
  std::string text = table.text() + "\nexpected calibration error " +
                     format_fixed(scores.calibration.expected_error, 4) + "  Brier score " +
                     over_known(scores.brier) + "  cross entropy " +
                     over_known(scores.cross_entropy) + "  (temperature " +
                     format_fixed(scores.temperature, 3) + ")\n";
  if (scores.unknown > 0) {
    text += "Brier score and cross entropy are of the " + format_count(known) +
            " rows whose label the model knows\n";
  }
  return text;
}

Json reliability_json(const ScoreReport& scores) {
  Json bins = Json::array();
  for (const metrics::CalibrationBin& bin : scores.calibration.bins) {
    Json row = {{"low", bin.low}, {"high", bin.high}, {"rows", bin.rows}};
    row["confidence"] = bin.rows > 0 ? Json(bin.confidence) : Json(nullptr);
    row["accuracy"] = bin.rows > 0 ? Json(bin.accuracy) : Json(nullptr);
    bins.push_back(row);
  }
  const bool has_known = scores.calibration.rows > scores.unknown;
  const auto over_known = [has_known](double value) {
    return has_known ? Json(value) : Json(nullptr);
  };
  return {{"ece", scores.calibration.expected_error},
          {"brier", over_known(scores.brier)},
          {"cross_entropy", over_known(scores.cross_entropy)},
          {"temperature", scores.temperature},
          {"bins", bins}};
}

Plot reliability_plot(const metrics::Calibration& calibration, const std::string& title) {
  Series accuracy = {"accuracy", Mark::kBars, {}, 0};
  Series share = {"share of rows", Mark::kLine, {}, 0};
  for (const metrics::CalibrationBin& bin : calibration.bins) {
    const double middle = (bin.low + bin.high) / 2;
    accuracy.bar_width = bin.high - bin.low;
    if (bin.rows > 0) accuracy.points.push_back({middle, bin.accuracy});
    share.points.push_back(
        {middle, static_cast<double>(bin.rows) / static_cast<double>(calibration.rows)});
  }
  Plot plot(title, {"score", Scale::kLinear, 0, 1}, {"accuracy", Scale::kLinear, 0, 1});
  plot.add(accuracy).add({"perfect", Mark::kDashes, {{0, 0}, {1, 1}}, 0}).add(share);
  return plot;
}

}  // namespace fastformer::report
