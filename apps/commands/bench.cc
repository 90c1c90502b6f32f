// fastformer bench: how fast a model reads, beside what the machine can do.
#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/peak_memory.h"
#include "base/strings.h"
#include "commands/bench_machine.h"
#include "commands/bench_model.h"
#include "commands/commands.h"
#include "commands/model_use.h"
#include "report/table.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kUsage[] =
    "usage: fastformer bench --model DIR|--shape WIDTH,HEADS,LAYERS,FEEDFORWARD [OPTIONS]\n\n"
    "Measures the encoder on random token ids, and the machine's own peak in the same run: "
    "products\n"
    "in each number format, and how fast its numbers are read from memory. Rates\n"
    "are those of the fastest repetition, by the clock and by processor time, which other "
    "programs\n"
    "disturb less; operations are counted as composed (docs/algebra.md).\n";

struct BenchOptions {
  std::string model, shape;
  std::string batches = "64x256,16x1024,4x4096,1x16384";
  Numbers precision = Numbers::kModel;
  int threads = 0;
  double seconds = 1;
  bool json = false;

  void describe(config::OptionSet& options) {
    options.group("Files").add("model", &model, "DIR", "model folder");
    options.group("Measurement")
        .add("shape", &shape, "W,H,L,F",
             "instead of a model: width, heads, layers and feed-forward units")
        .add("batches", &batches, "LIST", "documents x tokens, separated by commas");
    describe_precision(options, &precision);
    options.add("threads", &threads, {0, 4096}, "processor threads; 0: all")
        .add("seconds", &seconds, {0, 3600}, "time for each batch, at least")
        .add("json", &json, "one JSON object");
  }
};

struct Batch {
  std::string name;
  std::int64_t documents = 0, tokens = 0;  // tokens of each document
};

struct Measurement {
  Batch batch;
  std::vector<double> seconds;   // of each repetition, ascending
  double processor_seconds = 0;  // of the repetition that took the least
  std::int64_t memory = 0;

  double percentile(double share) const {
    return seconds[static_cast<std::size_t>(
        std::lround(share * static_cast<double>(seconds.size() - 1)))];
  }
  double tokens_per_second() const { return tokens() / seconds.front(); }
  double tokens_per_processor_second() const { return tokens() / processor_seconds; }
  double tokens() const { return static_cast<double>(batch.documents * batch.tokens); }
};

std::vector<Batch> parse_batches(const std::string& text) {
  std::vector<Batch> batches;
  for (const std::string& part : split(text, ',')) {
    const std::vector<std::string> sizes = split(trim(part), 'x');
    const auto documents = parse_int(sizes[0]);
    const auto tokens = parse_int(sizes.size() == 2 ? sizes[1] : "");
    constexpr std::int64_t kMost = std::int64_t{1} << 30;
    if (!documents || !tokens || *documents < 1 || *tokens < 1 || *documents > kMost ||
        *tokens > kMost / *documents) {
      throw usage_error("\"" + printable(part) + "\" is no batch", "--batches",
                        "A batch is documents x tokens: 64x256");
    }
    batches.push_back({std::string(trim(part)), *documents, *tokens});
  }
  return batches;
}

Measurement measure(const BenchModel& model, const Batch& batch, double least_seconds,
                    ThreadPool& pool) {
  constexpr std::size_t kLeastRepetitions = 5;
  const std::vector<std::vector<std::int32_t>> documents =
      model.documents(batch.documents, batch.tokens);
  const std::vector<std::span<const std::int32_t>> views(documents.begin(), documents.end());
  const std::unique_ptr<const runtime::Classifier> classifier = model.classifier();
  std::vector<float> logits(views.size() * classifier->labels());
  Measurement measurement{batch, {}, 1e300, 0};
  reset_peak_memory();
  classifier->logits(views, pool, logits);
  const double begin = seconds_now();
  while (measurement.seconds.size() < kLeastRepetitions || seconds_now() - begin < least_seconds) {
    const double start = seconds_now(), processor_start = processor_seconds_now();
    classifier->logits(views, pool, logits);
    measurement.seconds.push_back(seconds_now() - start);
    measurement.processor_seconds =
        std::min(measurement.processor_seconds, processor_seconds_now() - processor_start);
  }
  std::sort(measurement.seconds.begin(), measurement.seconds.end());
  measurement.memory = peak_memory();
  return measurement;
}

// What a run found out, and how it is told.
class Report {
 public:
  Report(const BenchModel& model, const MachinePeak& peak) : model_(model), peak_(peak) {}

  std::string json(const std::vector<Measurement>& measurements, int threads) const {
    Json results = Json::array();
    for (const Measurement& m : measurements) {
      results.push_back({{"batch", m.batch.name},
                         {"tokens_per_second", m.tokens_per_second()},
                         {"tokens_per_processor_second", m.tokens_per_processor_second()},
                         {"repetitions", m.seconds.size()},
                         {"latency_ms",
                          {{"least", 1e3 * m.seconds.front()},
                           {"p50", 1e3 * m.percentile(0.5)},
                           {"p90", 1e3 * m.percentile(0.9)},
                           {"p99", 1e3 * m.percentile(0.99)}}},
                         {"gflops", gflops(m)},
                         {"share_of_peak", gflops(m) * 1e9 / peak()},
                         {"peak_memory_bytes", m.memory}});
    }
    const Json report = {{"results", results},
                         {"peak",
                          {{"float32_gflops", peak_.float32.products / 1e9},
                           {"bfloat16_gflops", peak_.bfloat16.products / 1e9},
                           {"int8_gops", peak_.int8.products / 1e9},
                           {"memory_gb_per_second", memory() / 1e9}}},
                         {"read",
                          {{"float32", read_json(peak_.float32)},
                           {"bfloat16", read_json(peak_.bfloat16)},
                           {"int8", read_json(peak_.int8)}}},
                         {"precision", precision()},
                         {"instruction_set", kernels::name_of(kernels::instruction_set())},
                         {"threads", threads},
                         {"processor", processor_name()}};
    return report.dump() + "\n";
  }

  std::string text(const std::vector<Measurement>& measurements, int threads) const {
    using report::Align;
    report::Table table({{"batch"},
                         {"tokens/s", Align::kRight},
                         {"tokens/cpu s", Align::kRight},
                         {"p50 ms", Align::kRight},
                         {"p99 ms", Align::kRight},
                         {"GFLOP/s", Align::kRight},
                         {"of peak", Align::kRight},
                         {"memory MB", Align::kRight}});
    for (const Measurement& m : measurements) {
      table.add_row({m.batch.name, format_count(static_cast<std::int64_t>(m.tokens_per_second())),
                     format_count(static_cast<std::int64_t>(m.tokens_per_processor_second())),
                     format_fixed(1e3 * m.percentile(0.5), 2),
                     format_fixed(1e3 * m.percentile(0.99), 2), format_fixed(gflops(m), 1),
                     format_fixed(100 * gflops(m) * 1e9 / peak(), 0) + "%",
                     format_fixed(static_cast<double>(m.memory) / 1e6, 0)});
    }
    return table.text() + "\n" + precision() + " on " + std::to_string(threads) +
           " threads, instruction set " + kernels::name_of(kernels::instruction_set()) + ", " +
           processor_name() + "\n\n" + peak_table();
  }

 private:
  std::string peak_table() const {
    using report::Align;
    report::Table table({{"peak"},
                         {"GFLOP/s, GOP/s", Align::kRight},
                         {"read GB/s", Align::kRight},
                         {"read numbers/ns", Align::kRight}});
    const auto add = [&](const char* name, const FormatPeak& peak) {
      table.add_row({name, format_fixed(peak.products / 1e9, 0),
                     format_fixed(peak.bytes_per_second() / 1e9, 1),
                     format_fixed(peak.numbers / 1e9, 1)});
    };
    add("float32", peak_.float32);
    add("bfloat16", peak_.bfloat16);
    add("int8", peak_.int8);
    return table.text();
  }
  static Json read_json(const FormatPeak& peak) {
    return {{"gb_per_second", peak.bytes_per_second() / 1e9},
            {"numbers_per_nanosecond", peak.numbers / 1e9}};
  }
  // Bytes per second, in whatever format.
  double memory() const {
    return std::max({peak_.float32.bytes_per_second(), peak_.bfloat16.bytes_per_second(),
                     peak_.int8.bytes_per_second()});
  }
  std::string precision() const {
    switch (model_.precision()) {
      case runtime::Precision::kFloat32:
        return "float32";
      case runtime::Precision::kBfloat16:
        return "bfloat16";
      case runtime::Precision::kInt8:
        break;
    }
    return "int8";
  }
  double peak() const {
    switch (model_.precision()) {
      case runtime::Precision::kFloat32:
        return peak_.float32.products;
      case runtime::Precision::kBfloat16:
        return peak_.bfloat16.products;
      case runtime::Precision::kInt8:
        break;
    }
    return peak_.int8.products;
  }
  double gflops(const Measurement& m) const {
    return m.tokens_per_second() * model_.operations_per_token() / 1e9;
  }

  const BenchModel& model_;
  const MachinePeak& peak_;
};

// The batches that the model can read. Those of the user's own choice are not left out.
std::vector<Batch> readable(std::vector<Batch> batches, const model::ModelConfig& config,
                            bool chosen) {
  if (config.encoder.positions != Positions::kLearned) return batches;
  const std::int64_t longest = config.text.max_length;
  const auto too_long = [&](const Batch& batch) { return batch.tokens > longest; };
  const auto found = std::find_if(batches.begin(), batches.end(), too_long);
  if (found == batches.end()) return batches;
  if (chosen) {
    throw usage_error("the model reads documents of at most " + format_count(longest) +
                          " tokens, not \"" + found->name + "\"",
                      "--batches");
  }
  std::erase_if(batches, too_long);
  if (batches.empty()) batches.push_back({"64x" + std::to_string(longest), 64, longest});
  log_info("the model reads documents of at most " + format_count(longest) +
           " tokens: longer batches are left out");
  return batches;
}

}  // namespace

int run_bench(Arguments arguments) {
  BenchOptions options;
  config::OptionSet set;
  options.describe(set);
  if (parse_or_help(set, arguments, kUsage)) return kDone;
  if (options.model.empty() == options.shape.empty()) {
    throw usage_error("one of --model and --shape is wanted", "", "See --help");
  }
  std::vector<Batch> batches = parse_batches(options.batches);
  std::int64_t longest = 1;
  for (const Batch& batch : batches) longest = std::max(longest, batch.tokens);
  const BenchModel model = options.shape.empty()
                               ? BenchModel(options.model, options.precision)
                               : BenchModel(options.shape, longest, options.precision);
  const bool chosen = set.find("batches")->source > config::Source::kPreset;
  batches = readable(std::move(batches), model.config(), chosen);
  ThreadPool pool(options.threads);
  MachinePeak peak = measure_peak(kernels::instruction_set(), pool);
  std::vector<Measurement> measurements;
  for (const Batch& batch : batches) {
    measurements.push_back(measure(model, batch, options.seconds, pool));
    peak.improve(measure_peak(kernels::instruction_set(), pool));
  }
  const Report report(model, peak);
  print(options.json ? report.json(measurements, pool.threads())
                     : report.text(measurements, pool.threads()));
  return kDone;
}

}  // namespace fastformer::apps
