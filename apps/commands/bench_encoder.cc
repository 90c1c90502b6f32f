// fastformer-train bench-encoder: how fast an encoder trains, or is used, on documents of a length.
#include <fastformer/error.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/random.h"
#include "base/strings.h"
#include "commands/bench_machine.h"
#include "commands/bench_model.h"
#include "commands/commands.h"
#include "commands/train_options.h"
#include "learn/encoders/operations.h"
#include "learn/tasks/classification.h"
#include "learn/training/narrow_products.h"
#include "learn/training/presets.h"
#include "learn/training/trainer.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kUsage[] =
    "usage: fastformer-train bench-encoder --length N [OPTIONS]\n\n"
    "Measures an encoder with random weights on documents of N random tokens: a training step\n"
    "with --training, else a forward pass. On the processor Fastformer's passes are the "
    "runtime's;\n"
    "all others are libtorch's. On a GPU the first five repetitions do not count. All options of\n"
    "fastformer train can be given; those that are about files have no meaning. Prints one JSON\n"
    "object. fastformer compare runs it.\n";

constexpr std::uint64_t kSeed = 1;
constexpr std::int64_t kWords = 10000;
constexpr int kLabels = 4;

struct BenchEncoderOptions {
  TrainOptions train;
  std::int64_t length = 0;
  std::int64_t tokens = 65536;
  bool training = false;
  double seconds = 1;

  void describe_own(config::OptionSet& options) {
    options.group("Measurement")
        .add("length", &length, {0, 1 << 24}, "tokens of a document")
        .add("tokens", &tokens, {1, 1 << 24},
             "tokens of a batch, of which a document has its length at least")
        .add("training", &training, "measure steps of training")
        .add("seconds", &seconds, {0, 3600},
             "time to repeat for; three times at least, or two where two take ten times as long");
  }
  at::Device device() const { return learn::device_named(train.training.device); }
  std::int64_t documents() const { return std::max<std::int64_t>(1, tokens / length); }
};

// Seconds of each repetition, until there are enough.
class Times {
 public:
  // On a GPU the first repetitions load what the others use, and do not count.
  Times(double seconds, at::Device device) : seconds_(seconds), ahead_(device.is_cpu() ? 0 : 5) {}

  void start() { last_ = seconds_now(); }
  // A repetition has ended and the next begins.
  void lap() {
    const double now = seconds_now();
    if (ahead_ > 0) {
      --ahead_;
      last_ = now;
      return;
    }
    least_ = std::min(least_, now - last_);
    sum_ += now - last_;
    last_ = now;
    ++count_;
  }
  bool are_enough() const {
    // The first finds its memory not yet mapped, so that one is never enough.
    constexpr int kFewest = 2, kLeast = 3, kPatience = 10;
    return (count_ >= kLeast && sum_ >= seconds_) ||
           (count_ >= kFewest && sum_ >= kPatience * seconds_);
  }
  double least() const { return least_; }
  int count() const { return count_; }

 private:
  double seconds_, last_ = 0, sum_ = 0;
  double least_ = std::numeric_limits<double>::infinity();
  int count_ = 0;
  int ahead_;
};

model::ModelConfig config_of(const BenchEncoderOptions& options) {
  model::ModelConfig config = options.train.model;
  config.text.max_length = static_cast<int>(options.length);
  config.vocabulary = kWords;
  for (int i = 0; i < kLabels; ++i) config.labels.push_back(std::to_string(i));
  config.validate();
  return config;
}

std::vector<std::vector<std::int32_t>> random_documents(std::int64_t count, std::int64_t length) {
  Random random(kSeed);
  std::vector<std::vector<std::int32_t>> documents(static_cast<std::size_t>(count));
  for (std::vector<std::int32_t>& ids : documents) {
    ids.resize(static_cast<std::size_t>(length));
    for (std::int32_t& id : ids) id = static_cast<std::int32_t>(random.below(kWords));
  }
  return documents;
}

struct Enough {};

// Steps of the trainer itself. The first of an epoch has more to do; the fastest is told.
void time_training(const BenchEncoderOptions& options, const model::ModelConfig& config,
                   Times& times) {
  constexpr int kBatches = 8;
  learn::Classifier classifier(config, kSeed, at::kFloat, options.device());
  learn::LabelledDocuments documents{
      random_documents(kBatches * options.documents(), options.length), {}};
  Random random(kSeed);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    documents.targets.add_one(static_cast<std::int32_t>(random.below(kLabels)));
  }
  data::BatchOptions batches;
  batches.batch_size = static_cast<int>(options.documents());
  batches.batch_tokens = static_cast<int>(options.documents() * options.length);
  learn::TrainingOptions training = options.train.training;
  training.epochs = 1 << 20;
  training.patience = 0;
  learn::ClassificationTask task(classifier, std::move(documents), {}, batches, kSeed);
  learn::TrainingObserver observer;
  observer.on_step = [&](const learn::StepReport&) {
    times.lap();
    if (times.are_enough()) throw Enough();
  };
  times.start();
  try {
    learn::train(task, training, observer);
  } catch (const Enough&) {
  }
}

void repeat(const std::function<void()>& pass, Times& times) {
  times.start();
  do {
    pass();
    times.lap();
  } while (!times.are_enough());
}

void time_use(const BenchEncoderOptions& options, const model::ModelConfig& config, Times& times) {
  const bool is_short = options.train.training.precision == learn::Precision::kBFloat16;
  const auto documents = random_documents(options.documents(), options.length);
  const at::Device device = options.device();
  if (config.encoder.encoder == model::kFastformer && device.is_cpu()) {
    const BenchModel model(config, is_short ? Numbers::kBfloat16 : Numbers::kFloat32);
    const std::vector<std::span<const std::int32_t>> views(documents.begin(), documents.end());
    const std::unique_ptr<const runtime::Classifier> classifier = model.classifier();
    std::vector<float> logits(views.size() * classifier->labels());
    ThreadPool pool(options.train.training.threads);
    repeat([&] { classifier->logits(views, pool, logits); }, times);
    return;
  }
  learn::Classifier classifier(config, kSeed, at::kFloat, device);
  std::optional<learn::NarrowProducts> narrow;
  if (is_short) narrow.emplace(classifier.parameters());
  data::BatchOptions batches;
  batches.batch_size = static_cast<int>(options.documents());
  batches.batch_tokens = static_cast<int>(options.documents() * options.length);
  const data::Documents ids(documents);
  repeat([&] { learn::classify(classifier, ids, batches); }, times);
}

}  // namespace

int run_bench_encoder(Arguments arguments) {
  BenchEncoderOptions options;
  config::OptionSet own, set;
  options.describe_own(own);
  const bool asks = std::any_of(arguments.begin(), arguments.end(), [](const std::string& word) {
    return word == "--help" || word == "-h" || word == "--help-markdown";
  });
  if (asks && parse_or_help(own, arguments, kUsage)) return kDone;
  options.describe_own(set);
  options.train.describe(set);
  set.set_defaults(learn::preset("default"));
  parse_or_help(set, arguments, kUsage);
  set.apply_json(learn::preset(options.train.preset), config::Source::kPreset,
                 "preset " + options.train.preset);
  if (options.length < 1) throw usage_error("--length is missing", "", "See --help");
  model::refuse_options_of_others(options.train.model, set);
  const model::ModelConfig config = config_of(options);
  ThreadPool pool(options.train.training.threads);
  options.train.training.threads = pool.threads();
  at::set_num_threads(pool.threads());
  Times times(options.seconds, options.device());
  if (options.training) {
    time_training(options, config, times);
  } else {
    time_use(options, config, times);
  }
  const std::int64_t tokens = options.documents() * options.length;
  const Json report = {{"encoder", config.encoder.encoder},
                       {"of", options.training ? "training" : "use"},
                       {"documents", options.documents()},
                       {"length", options.length},
                       {"tokens_per_second", static_cast<double>(tokens) / times.least()},
                       {"seconds", times.least()},
                       {"repetitions", times.count()},
                       {"operations_per_token",
                        learn::operations_per_token(config, static_cast<double>(options.length))}};
  print(report.dump() + "\n");
  return kDone;
}

}  // namespace fastformer::apps
