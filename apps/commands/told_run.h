// What a run of training was told: run.json in its working folder, by which it is taken up again.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "command.h"
#include "io/work_folder.h"

namespace fastformer::apps {

inline constexpr char kToldFile[] = "run.json";

// How a run is kept and taken up again; part of the options of every command that trains.
struct ResumeOptions {
  bool resume = false;
  double checkpoint_every = 300;  // seconds

  void describe(config::OptionSet& options);
};

// Writes what the run of the command `name` is told: all of its options, and `more`, an object.
void write_told(const io::WorkFolder& folder, const std::string& name,
                const config::OptionSet& options, const std::string& command,
                config::Json more = config::Json::object());

// What a run was told when it began.
struct ToldBefore {
  config::Json options;  // a value for each of the command's
  std::string command;   // as a shell takes it
  config::Json more;     // an object; what write_told was given
};

// Of the run in the working folder of the model folder `output`. Options of `given` that the user
// has set must say the same; throws a usage error that names the first that does not, and an Error
// when there is no such run or another version has begun it.
ToldBefore told_before(const std::string& output, const std::string& name,
                       const config::OptionSet& given);

// Options that say how a run and its rows are kept, not what it does: they may change when it is
// taken up again.
bool is_about_keeping(const config::Option& option);

// Gives `options`, of which the command line said `given`, what the run was told; returns the
// `more` of it. Options has the members output, resuming and command, and describe().
template <typename Options>
config::Json take_up(const std::string& name, const config::OptionSet& given, Options& options) {
  const ToldBefore told = told_before(options.output, name, given);
  Options before;
  config::OptionSet all;
  before.describe(all);
  all.apply_json(told.options, config::Source::kFlag, "the run in " + options.output);
  for (const config::Option& option : given.options()) {
    if (option.source <= config::Source::kPreset || !is_about_keeping(option)) continue;
    all.apply_json({{option.key(), option.get_json()}}, config::Source::kFlag, "");
  }
  before.output = options.output;
  before.resuming = options.resuming;
  before.command = told.command;
  options = before;
  return told.more;
}

}  // namespace fastformer::apps
