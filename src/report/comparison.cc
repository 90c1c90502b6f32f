// Lays out a comparison.
#include "report/comparison.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "base/strings.h"

namespace fastformer::report {
namespace {

using config::Json;

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Of the numbers as a sample.
double deviation_of(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

std::string count_of(const std::vector<double>& values) {
  return values.empty() ? "-" : format_count(std::llround(mean_of(values)));
}

std::string megabytes(std::int64_t bytes) {
  return bytes == 0 ? "-" : format_fixed(static_cast<double>(bytes) / 1e6, 0);
}

std::string curve_title(bool is_training, Told told) {
  const std::string what = told == Told::kTime ? "Time" : "Memory";
  return what + (is_training ? " of training by length" : " of use by length");
}

double value_of(const SweepPoint& point, Told told) {
  return told == Told::kTime ? 1e6 / point.tokens_per_second
                             : static_cast<double>(point.memory) / 1e6;
}

const char* unit_of(Told told) {
  return told == Told::kTime ? "microseconds a token" : "megabytes";
}

Plot sweep_plot(const Comparison& comparison, bool is_training, Told told) {
  Plot plot(curve_title(is_training, told), {"tokens of a document", Scale::kLogarithmic},
            {unit_of(told), Scale::kLogarithmic});
  for (const SweepCurve& curve : comparison.curves) {
    if (curve.is_training != is_training || curve.points.empty()) continue;
    Series series{curve.name, Mark::kLine, {}};
    for (const SweepPoint& point : curve.points) {
      series.points.push_back({static_cast<double>(point.length), value_of(point, told)});
    }
    plot.add(std::move(series));
  }
  return plot;
}

bool gives_several_labels(const Comparison& comparison) {
  for (const ComparedModel& model : comparison.models) {
    if (!model.micro_f1.empty()) return true;
  }
  return false;
}

Plot accuracy_plot(const Comparison& comparison) {
  const char* const measure = gives_several_labels(comparison) ? "exact matches" : "accuracy";
  Plot plot("Accuracy and speed of use", {"tokens a second", Scale::kLogarithmic}, {measure});
  for (const ComparedModel& model : comparison.models) {
    if (model.accuracy.empty() || model.use_rate.empty()) continue;
    plot.add({model.name, Mark::kLine, {{mean_of(model.use_rate), mean_of(model.accuracy)}}});
  }
  return plot;
}

bool has_models(const Comparison& comparison) {
  for (const ComparedModel& model : comparison.models) {
    if (!model.accuracy.empty()) return true;
  }
  return false;
}

// Calls with every table that has something to tell, and its title.
template <typename Call>
void for_each_sweep(const Comparison& comparison, const Call& call) {
  for (const bool is_training : {true, false}) {
    if (!has_sweep(comparison, is_training)) continue;
    for (const Told told : {Told::kTime, Told::kMemory}) {
      call(is_training, told, curve_title(is_training, told) + ", " + unit_of(told));
    }
  }
}

Json statistics_json(const std::vector<double>& values) {
  if (values.empty()) return nullptr;
  return {{"mean", mean_of(values)}, {"deviation", deviation_of(values)}, {"values", values}};
}

Json pairs_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json object = Json::object();
  for (const auto& [name, value] : pairs) object[name] = value;
  return object;
}

Table pairs_table(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Table table({{""}, {""}});
  for (const auto& [name, value] : pairs) table.add_row({name, value});
  return table;
}

Json curve_json(const SweepCurve& curve) {
  Json points = Json::array();
  for (const SweepPoint& point : curve.points) {
    points.push_back({{"length", point.length},
                      {"tokens_per_second", point.tokens_per_second},
                      {"memory_bytes", point.memory}});
  }
  return {{"name", curve.name}, {"of", curve.is_training ? "training" : "use"}, {"points", points}};
}

}  // namespace

std::string mean_and_spread(const std::vector<double>& values, int digits) {
  if (values.empty()) return "-";
  const std::string mean = format_fixed(mean_of(values), digits);
  return values.size() < 2 ? mean : mean + " ± " + format_fixed(deviation_of(values), digits);
}

Table models_table(const Comparison& comparison) {
  const bool is_multi = gives_several_labels(comparison);
  std::vector<Column> columns = {{"model"},
                                 {"seeds", Align::kRight},
                                 {is_multi ? "exact matches" : "accuracy", Align::kRight},
                                 {"macro-F1", Align::kRight},
                                 {"training tokens/s", Align::kRight},
                                 {"use tokens/s", Align::kRight},
                                 {"training MB", Align::kRight},
                                 {"use MB", Align::kRight},
                                 {"parameters", Align::kRight},
                                 {"MFLOP/token", Align::kRight}};
  constexpr std::ptrdiff_t kMicroF1 = 3;  // where it stands
  if (is_multi) columns.insert(columns.begin() + kMicroF1, {"micro-F1", Align::kRight});
  Table table(columns);
  for (const ComparedModel& model : comparison.models) {
    std::vector<std::string> row = {
        model.name,
        std::to_string(model.accuracy.size()),
        mean_and_spread(model.accuracy, 4),
        mean_and_spread(model.macro_f1, 4),
        count_of(model.training_rate),
        count_of(model.use_rate),
        megabytes(model.training_memory),
        megabytes(model.use_memory),
        model.parameters == 0 ? "-" : format_count(model.parameters),
        model.operations == 0 ? "-" : format_fixed(model.operations / 1e6, 3)};
    if (is_multi) row.insert(row.begin() + kMicroF1, mean_and_spread(model.micro_f1, 4));
    table.add_row(row);
  }
  return table;
}

bool has_sweep(const Comparison& comparison, bool is_training) {
  for (const SweepCurve& curve : comparison.curves) {
    if (curve.is_training == is_training && !curve.points.empty()) return true;
  }
  return false;
}

Table sweep_table(const Comparison& comparison, bool is_training, Told told) {
  std::set<std::int64_t> lengths;
  for (const SweepCurve& curve : comparison.curves) {
    if (curve.is_training != is_training) continue;
    for (const SweepPoint& point : curve.points) lengths.insert(point.length);
  }
  std::vector<Column> columns = {{"tokens"}};
  for (const std::int64_t length : lengths) {
    columns.push_back({format_count(length), Align::kRight});
  }
  Table table(columns);
  for (const SweepCurve& curve : comparison.curves) {
    if (curve.is_training != is_training) continue;
    std::vector<std::string> row = {curve.name};
    for (const std::int64_t length : lengths) {
      std::string cell = "-";
      for (const SweepPoint& point : curve.points) {
        if (point.length != length) continue;
        cell = format_fixed(value_of(point, told), told == Told::kTime ? 3 : 0);
      }
      row.push_back(cell);
    }
    table.add_row(row);
  }
  return table;
}

std::vector<std::pair<std::string, Plot>> comparison_plots(const Comparison& comparison) {
  std::vector<std::pair<std::string, Plot>> plots;
  if (has_models(comparison)) plots.emplace_back("accuracy.svg", accuracy_plot(comparison));
  for_each_sweep(comparison, [&](bool is_training, Told told, const std::string&) {
    const std::string name = std::string(is_training ? "training" : "use") +
                             (told == Told::kTime ? "-time.svg" : "-memory.svg");
    plots.emplace_back(name, sweep_plot(comparison, is_training, told));
  });
  return plots;
}

std::string comparison_text(const Comparison& comparison) {
  std::string text;
  if (!comparison.models.empty()) text += models_table(comparison).text() + "\n";
  for_each_sweep(comparison, [&](bool is_training, Told told, const std::string& title) {
    text += title + "\n" + sweep_table(comparison, is_training, told).text() + "\n";
  });
  for (const std::string& note : comparison.notes) text += printable(note, 1000) + "\n";
  return text;
}

Json comparison_json(const Comparison& comparison) {
  Json models = Json::array(), curves = Json::array();
  for (const ComparedModel& model : comparison.models) {
    models.push_back({{"name", model.name},
                      {"accuracy", statistics_json(model.accuracy)},
                      {"macro_f1", statistics_json(model.macro_f1)},
                      {"micro_f1", statistics_json(model.micro_f1)},
                      {"training_tokens_per_second", statistics_json(model.training_rate)},
                      {"use_tokens_per_second", statistics_json(model.use_rate)},
                      {"training_memory_bytes", model.training_memory},
                      {"use_memory_bytes", model.use_memory},
                      {"parameters", model.parameters},
                      {"operations_per_token", model.operations}});
  }
  for (const SweepCurve& curve : comparison.curves) curves.push_back(curve_json(curve));
  return {{"title", comparison.title},
          {"models", models},
          {"sweep", curves},
          {"notes", comparison.notes},
          {"facts", pairs_json(comparison.facts)},
          {"options", pairs_json(comparison.options)}};
}

HtmlPage comparison_page(const Comparison& comparison) {
  HtmlPage page(comparison.title);
  if (!comparison.models.empty()) page.heading("Models").table(models_table(comparison));
  const std::vector<std::pair<std::string, Plot>> plots = comparison_plots(comparison);
  if (has_models(comparison)) page.plot(plots.front().second);
  for_each_sweep(comparison, [&](bool is_training, Told told, const std::string& title) {
    page.heading(title).plot(sweep_plot(comparison, is_training, told));
    page.table(sweep_table(comparison, is_training, told));
  });
  if (!comparison.notes.empty()) page.heading("Notes");
  for (const std::string& note : comparison.notes) page.paragraph(note);
  page.heading("How it was measured").table(pairs_table(comparison.facts));
  if (!comparison.options.empty()) page.heading("Options").table(pairs_table(comparison.options));
  return page;
}

}  // namespace fastformer::report
