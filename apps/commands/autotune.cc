// Trials of one change after the other.
#include "commands/autotune.h"

#include <fastformer/error.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "base/stop_signals.h"
#include "base/strings.h"
#include "commands/class_weights.h"
#include "commands/classifier_fit.h"
#include "metrics/paired_gain.h"
#include "metrics/temperature.h"

namespace fastformer::apps {
namespace {

using config::Json;
using Clock = std::chrono::steady_clock;

enum class About { kTraining, kModel, kWide };

struct Candidates {
  About about;
  const char* key;
  const char* values;
};

// "epochs" are factors of the number that is given.
constexpr Candidates kCandidates[] = {
    {About::kTraining, "epochs", "[2, 3]"},
    {About::kTraining, "learning_rate", "[0.0005, 0.002]"},
    {About::kModel, "width", "[64, 256]"},
    {About::kModel, "layers", "[1, 3]"},
    {About::kTraining, "dropout", "[0.1, 0.3]"},
    {About::kTraining, "word_dropout", "[0.0, 0.15, 0.45]"},
    {About::kModel, "pooling", R"(["attention", "max", "both"])"},
    {About::kModel, "local", R"(["convolution", "gated"])"},
    {About::kModel, "max_length", "[256, 1024, 2048]"},
    {About::kTraining, "label_smoothing", "[0.1]"},
    {About::kWide, "wide_cost", "[0.5, 2, 4]"},
    {About::kWide, "wide_ngrams", "[2, 4]"},
    {About::kWide, "wide_characters", "[0, 4, 6]"},
};

struct TimeIsUp {};

struct Trial {
  Json changes = Json::object();
  learn::Validation validation;
  double seconds = 0;
  // Over the best before it; of the first trial nothing.
  std::optional<metrics::PairedGain> gain;
  bool is_better = true;
};

// What a trial's settings do on the validation rows.
struct Outcome {
  learn::Validation validation;
  std::vector<double> losses;  // of the rows
};

std::string said(const metrics::PairedGain& gain) {
  return std::string(gain.mean >= 0 ? "lower" : "higher") + " by " +
         format_fixed(std::abs(gain.mean), 4) + " +- " + format_fixed(gain.error, 4);
}

std::string said(const Json& changes) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : changes.items()) {
    std::string flag = "--" + key;
    std::replace(flag.begin(), flag.end(), '_', '-');
    parts.push_back(flag + " " + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return parts.empty() ? "settings as given" : join(parts, ", ");
}

// Those of `changes` that are about the wide branch, or the others.
std::string changes_about(const Json& changes, bool wide) {
  Json about = Json::object();
  for (const Candidates& candidates : kCandidates) {
    const bool counts = (candidates.about == About::kWide) == wide;
    if (counts && changes.contains(candidates.key)) {
      about[candidates.key] = changes[candidates.key];
    }
  }
  return about.dump();
}

// What `fit` returns, or returned before for this key.
template <class Value, class Fit>
const Value& kept(std::map<std::string, Value>& made, const std::string& key, const Fit& fit) {
  auto at = made.find(key);
  if (at == made.end()) at = made.emplace(key, fit()).first;
  return at->second;
}

class Tuning {
 public:
  Tuning(const Search& search, learn::TrainingLog& log, const Json& before,
         const std::function<void(Json)>& keep)
      : search_(search),
        log_(log),
        keep_(keep),
        score_name_(learn::score_name_of(search.options.model.target)),
        part_(search.rows.folds.empty() ? TrainingRows() : search.rows.without_fold(0)),
        deadline_(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                     std::chrono::duration<double>(search.options.autotune))) {
    read(before);
  }

  Json run(const std::vector<std::string>& keys) {
    try {
      TrainOptions options = search_.options;
      best_ = attempt(options, Json::object());
      search(keys);
    } catch (const TimeIsUp&) {
      log_.begin_part("");
    }
    if (trials_.empty()) {
      log_warning("no trial was done in " + format_duration(search_.options.autotune) +
                  ": the settings stay as given");
    } else {
      log_info("of " + std::to_string(trials_.size()) + " trials the best: " + said(best_.changes));
    }
    return result();
  }

 private:
  // All that change something.
  std::vector<Json> changes_of(const std::vector<std::string>& keys) const {
    std::vector<Json> all;
    config::OptionSet set;
    search_.options.describe(set);
    for (const Candidates& candidates : kCandidates) {
      if (std::find(keys.begin(), keys.end(), candidates.key) == keys.end()) continue;
      for (const Json& value : Json::parse(candidates.values)) {
        const bool factor = std::string_view(candidates.key) == "epochs";
        const Json given = set.find(candidates.key)->get_json();
        if (!factor && value == given) continue;
        all.push_back(
            {{candidates.key, factor ? Json(value.get<int>() * given.get<int>()) : value}});
      }
    }
    return all;
  }

  // Sets what the trial gains over the best so far, whose place its rows' losses may take.
  void compare(std::vector<double> losses, Trial& trial) {
    if (!trials_.empty()) {
      trial.gain = metrics::paired_gain(best_losses_, losses);
      trial.is_better =
          trial.gain->exceeds_error() && trial.validation.score >= best_.validation.score;
    }
    if (trial.is_better) best_losses_ = std::move(losses);
  }

  void search(const std::vector<std::string>& keys) {
    std::vector<Json> left = changes_of(keys);
    Random random(
        hash_of({static_cast<std::uint64_t>(search_.options.training.seed), 0x74756e65ULL}));
    while (!left.empty()) {
      const auto at = static_cast<std::ptrdiff_t>(random.below(left.size()));
      Json changes = best_.changes;
      changes.update(left[static_cast<std::size_t>(at)]);
      left.erase(left.begin() + at);
      stop_in_time();
      TrainOptions options = search_.options;
      try {
        const Trial trial = attempt(options, changes);
        if (!trial.is_better) continue;
        best_ = trial;
        search_.options = options;
      } catch (const Error& error) {  // settings that do not go together, or a loss that diverges
        log_.begin_part("");
        log_info(said(changes) + ": " + error.what());
      }
    }
  }

  // Trains with `changes` made to the options.
  Trial attempt(TrainOptions& options, const Json& changes) {
    const Clock::time_point start = Clock::now();
    config::OptionSet set;
    options.describe(set);
    set.apply_json(changes, config::Source::kFlag, "autotune");
    if (!before_.empty() && before_.front().changes == changes) return done_before();
    const std::string name = "trial " + std::to_string(trials_.size() + 1);
    log_.begin_part(name);
    Trial trial;
    trial.changes = changes;
    Outcome outcome = outcome_of(options, changes);
    trial.validation = outcome.validation;
    compare(std::move(outcome.losses), trial);
    log_.begin_part("");
    trial.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    log_info(name + ", " + said(changes) + ": " + score_name_ + " " +
             format_fixed(trial.validation.score, 4) + ", cross entropy " +
             format_fixed(trial.validation.loss, 4) +
             (trial.gain ? " (" + said(*trial.gain) + ")" : "") + ", " +
             format_duration(trial.seconds));
    trials_.push_back(trial);
    keep_({{"trials", trials_done()}, {"best_losses", best_losses_}});
    return trial;
  }

  // The next trial, which was done before the run was stopped.
  Trial done_before() {
    trials_.push_back(before_.front());
    before_.pop_front();
    return trials_.back();
  }

  // Trials as trials_done() wrote them.
  void read(const Json& before) try {
    if (before.is_null()) return;
    for (const Json& done : before.at("trials")) {
      Trial trial;
      trial.changes = done.at("changes");
      trial.validation.score = done.at(score_name_).get<double>();
      trial.validation.loss = done.at("loss").get<double>();
      trial.seconds = done.at("seconds").get<double>();
      trial.is_better = done.at("better").get<bool>();
      if (done.contains("gain")) {
        trial.gain =
            metrics::PairedGain{done.at("gain").get<double>(), done.at("gain_error").get<double>()};
      }
      deadline_ -=
          std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(trial.seconds));
      before_.push_back(std::move(trial));
    }
    best_losses_ = before.at("best_losses").get<std::vector<double>>();
    log_info(std::to_string(before_.size()) + " trials were done before the run was stopped");
  } catch (const nlohmann::json::exception&) {
    throw Error("the run's state does not say what a search tried", search_.options.output,
                "Remove the folder that it is in and begin anew");
  }

  Outcome outcome_of(TrainOptions& options, const Json& changes) {
    const TrainingRows& rows = search_.rows.folds.empty() ? search_.rows : part_;
    EncodedRows encoded =
        prepare_rows(options, rows, search_.initial, search_.cache, search_.threads);
    stop_in_time();
    const FitSettings settings = {options,
                                  search_.initial,
                                  class_weights(options.class_weights, options.model.labels,
                                                encoded.train.targets, options.model.target),
                                  search_.cache,
                                  search_.threads,
                                  log_,
                                  nullptr,
                                  [this] { stop_in_time(); },
                                  /*tells_vectors=*/false};
    learn::HeldOut held_out = held_out_of(settings, rows, std::move(encoded), changes);
    const std::size_t labels = options.model.labels.size();
    const metrics::TargetKind kind = options.model.target;
    // Mixes into the encoder's logits.
    if (!held_out.wide.empty()) learn::mix_branches(held_out, labels, kind);
    const auto columns = static_cast<std::int64_t>(labels);
    const auto count = static_cast<std::int64_t>(held_out.targets.size()) / columns;
    return {learn::score_logits(held_out.encoder, held_out.targets, labels, kind),
            metrics::cross_entropies({held_out.encoder.data(), count, columns},
                                     {held_out.targets.data(), count, columns}, kind)};
  }

  // A branch that no change is about does what it did before.
  learn::HeldOut held_out_of(const FitSettings& settings, const TrainingRows& rows,
                             EncodedRows encoded, const Json& changes) {
    const data::Targets train = encoded.train.targets, valid = encoded.valid.targets;
    learn::HeldOut held_out = kept(encoders_, changes_about(changes, /*wide=*/false), [&] {
      const bool watches = search_.rows.folds.empty();
      return fit_encoder(settings, std::move(encoded),
                         watches ? KeptEpoch::kBest : KeptEpoch::kLast)
          .held_out;
    });
    held_out.wide = kept(wides_, changes_about(changes, /*wide=*/true), [&] {
      const auto fitted = fit_wide(settings, rows, train, valid);
      return fitted ? fitted->valid_scores() : std::vector<float>();
    });
    return held_out;
  }

  void stop_in_time() const {
    obey_stop_signal();
    if (Clock::now() > deadline_) throw TimeIsUp();
  }

  Json trials_done() const {
    Json trials = Json::array();
    for (const Trial& trial : trials_) {
      Json line = {{"changes", trial.changes},
                   {score_name_, trial.validation.score},
                   {"loss", trial.validation.loss},
                   {"better", trial.is_better},
                   {"seconds", trial.seconds}};
      if (trial.gain) {
        line["gain"] = trial.gain->mean;
        line["gain_error"] = trial.gain->error;
      }
      trials.push_back(std::move(line));
    }
    return trials;
  }

  Json result() const { return {{"chosen", best_.changes}, {"trials", trials_done()}}; }

  const Search& search_;
  learn::TrainingLog& log_;
  const std::function<void(Json)>& keep_;
  std::string score_name_;
  TrainingRows part_;  // the rows with their first part held out, where parts are
  Clock::time_point deadline_;
  Trial best_;
  std::vector<double> best_losses_;  // of the validation rows
  std::deque<Trial> before_;         // done before the run was stopped, the next one first
  // What branches said of the validation rows, by the changes that are about them.
  std::map<std::string, learn::HeldOut> encoders_;
  std::map<std::string, std::vector<float>> wides_;
  std::vector<Trial> trials_;
};

}  // namespace

std::vector<std::string> options_to_tune(const TrainOptions& options,
                                         const config::OptionSet& set) {
  const bool shape_is_given = !options.init_from.empty() || !options.word_vectors.empty();
  std::vector<std::string> keys;
  for (const Candidates& candidates : kCandidates) {
    if (candidates.about == About::kModel && shape_is_given) continue;
    if (candidates.about == About::kWide && options.wide.wide == learn::WideBranch::kOff) continue;
    if (set.find(candidates.key)->source > config::Source::kPreset) continue;
    keys.emplace_back(candidates.key);
  }
  return keys;
}

Json autotune(const Search& search, const std::vector<std::string>& keys, learn::TrainingLog& log,
              const Json& before, const std::function<void(Json)>& keep) {
  return Tuning(search, log, before, keep).run(keys);
}

bool is_chosen(const Json& tuning) { return tuning.is_object() && tuning.contains("chosen"); }

void apply_tuning(const Json& tuning, TrainOptions& options) {
  const bool is_whole =
      tuning.is_object() && tuning.contains("chosen") && tuning["chosen"].is_object();
  if (!is_whole) {
    throw Error("the run's state does not say what a search chose", options.output,
                "Remove the folder that it is in and begin anew");
  }
  config::OptionSet set;
  options.describe(set);
  set.apply_json(tuning["chosen"], config::Source::kFlag, "autotune");
}

}  // namespace fastformer::apps
