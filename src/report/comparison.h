// What a comparison of encoders found, as tables, plots, JSON and one page.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/options.h"
#include "report/html_page.h"

namespace fastformer::report {

// One model, trained once for each seed.
struct ComparedModel {
  std::string name;
  std::vector<double> accuracy, macro_f1;       // one a seed
  std::vector<double> training_rate, use_rate;  // tokens per second, likewise
  std::int64_t training_memory = 0;             // bytes that a process held, the most of all seeds
  std::int64_t use_memory = 0;
  std::int64_t parameters = 0;
  double operations = 0;  // of a token of a document of the test rows' mean length
  std::vector<double> micro_f1 =
      {};  // where documents have several labels: accuracy is exact matches
};

struct SweepPoint {
  std::int64_t length = 0;
  double tokens_per_second = 0;
  std::int64_t memory = 0;  // bytes that a process held
};

// A model by length of documents, as far as limits let it.
struct SweepCurve {
  std::string name;
  bool is_training = false;
  std::vector<SweepPoint> points;  // by length, ascending
};

struct Comparison {
  std::string title = "Comparison of encoders";
  std::vector<ComparedModel> models;
  std::vector<SweepCurve> curves;
  std::vector<std::string> notes;                            // what ended, and what is left to do
  std::vector<std::pair<std::string, std::string>> facts;    // how it was measured
  std::vector<std::pair<std::string, std::string>> options;  // with what it was told
};

// Mean and, of several numbers, their standard deviation: "0.9312 ± 0.0021"; "-" of none.
std::string mean_and_spread(const std::vector<double>& values, int digits);

// A row a model. Models without a result yet have a row of "-".
Table models_table(const Comparison& comparison);

// Which number of a sweep is told.
enum class Told { kTime, kMemory };

// A row a curve and a column a length: microseconds for a token, or megabytes.
Table sweep_table(const Comparison& comparison, bool is_training, Told told);

// Whether the sweep has a point of this kind.
bool has_sweep(const Comparison& comparison, bool is_training);

// All plots that there is something to draw for, with names for their files ("accuracy.svg").
std::vector<std::pair<std::string, Plot>> comparison_plots(const Comparison& comparison);

// What a terminal shows.
std::string comparison_text(const Comparison& comparison);
// {"title": "...", "models": [...], "sweep": [...], "notes": [...], "facts": {...},
//  "options": {...}}.
config::Json comparison_json(const Comparison& comparison);
HtmlPage comparison_page(const Comparison& comparison);

}  // namespace fastformer::report
