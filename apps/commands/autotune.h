// fastformer train --autotune: a search for settings that suit the rows.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "commands/initial_model.h"
#include "commands/train_options.h"
#include "commands/training_rows.h"
#include "config/options.h"
#include "learn/training/training_log.h"

namespace fastformer::apps {

// What a search is about. `options` become the best that it finds.
struct Search {
  TrainOptions& options;
  const TrainingRows& rows;
  const InitialModel* initial = nullptr;
  const io::CacheFolder& cache;
  const ParallelFor& threads;
};

// Keys of the options that a search may change: none that the user has set, that a model or word
// vectors to begin with have settled, or that there is no use for. `set` is of these options.
std::vector<std::string> options_to_tune(const TrainOptions& options, const config::OptionSet& set);

// Tries settings for options.autotune seconds: first those that are given, then changes of one
// option of `keys` at a time, drawn by the seed, each on top of the best so far. Better is what
// has a lower loss on the validation rows (the first part where parts are held out), by more than
// one standard error of the difference on these rows, and no lower score: so the result is never
// worse there than what was given, and changes that change nothing pile up less. A trial that the
// time cuts off does not count. Logs every trial and returns them all for metrics.json. `keep` is
// given those done so far after each; `before`, null or the last of that from a search that was
// stopped, takes their place and their time.
config::Json autotune(const Search& search, const std::vector<std::string>& keys,
                      learn::TrainingLog& log, const config::Json& before,
                      const std::function<void(config::Json)>& keep);

// Whether that is the end of a search.
bool is_chosen(const config::Json& tuning);

// Makes the changes that autotune() chose to options that are as they were when it began.
void apply_tuning(const config::Json& tuning, TrainOptions& options);

}  // namespace fastformer::apps
