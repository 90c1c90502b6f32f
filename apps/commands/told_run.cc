// Writes and checks run.json.
#include "commands/told_run.h"

#include <fastformer/error.h>
#include <fastformer/version.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/strings.h"
#include "config/json_text.h"
#include "io/files.h"
#include "model/folder.h"

namespace fastformer::apps {
namespace {

using config::Json;

// A value for a message.
std::string shown(const Json& value) {
  return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace), 80);
}

}  // namespace

bool is_about_keeping(const config::Option& option) {
  constexpr std::string_view kNames[] = {"resume",       "checkpoint-every",  "output",
                                         "corpus-cache", "corpus-cache-size", "largest-array"};
  return std::find(std::begin(kNames), std::end(kNames), option.name) != std::end(kNames);
}

void ResumeOptions::describe(config::OptionSet& options) {
  options.add("resume", &resume, "go on with the run that was stopped in DIR.training")
      .add("checkpoint-every", &checkpoint_every, {0, 1e9},
           "seconds between states of the run that are kept for --resume; 0: only after its parts "
           "and when SIGINT, SIGTERM or SIGHUP stop it");
}

void write_told(const io::WorkFolder& folder, const std::string& name,
                const config::OptionSet& options, const std::string& command, Json more) {
  const Json told = {{"command", name},
                     {"version", kVersion},
                     {"told", command},
                     {"options", options.to_json()},
                     {"more", std::move(more)}};
  io::write_file_atomically(folder.file(kToldFile), config::json_text(told));
}

ToldBefore told_before(const std::string& output, const std::string& name,
                       const config::OptionSet& given) {
  const std::string folder =
      std::string(io::without_final_slashes(output)) + model::kTrainingSuffix;
  const std::string path = io::join_path(folder, kToldFile);
  if (!io::exists(path)) {
    throw Error("there is no run to go on with", folder,
                io::exists(folder) ? "Remove it and begin anew" : "Leave out --resume");
  }
  const Json told = config::parse_json<Json>(io::read_file(path), path);
  const auto text = [&](const char* key) {
    const bool is_text = told.is_object() && told.contains(key) && told[key].is_string();
    return is_text ? told[key].get<std::string>() : std::string();
  };
  if (!text("command").empty() && text("command") != name) {
    throw Error("is of fastformer " + printable(text("command"), 40), path,
                "Go on with it by that command");
  }
  ToldBefore before = {told.is_object() ? told.value("options", Json()) : Json(), text("told"),
                       told.is_object() ? told.value("more", Json()) : Json()};
  bool is_whole = before.options.is_object() && before.more.is_object();
  for (const config::Option& option : given.options()) {
    is_whole = is_whole && before.options.contains(option.key());
  }
  if (!is_whole) {
    throw Error("does not say what the run was told", path, "Remove the folder and begin anew");
  }
  if (text("version") != kVersion) {
    throw Error(
        "is of version " + printable(text("version"), 40) + " of the program, this is " + kVersion,
        path, "Finish it with that version, or remove the folder and begin anew");
  }
  for (const config::Option& option : given.options()) {
    if (option.source <= config::Source::kPreset || is_about_keeping(option)) continue;
    const Json now = option.get_json(), then = before.options[option.key()];
    if (now != then) {
      throw usage_error("is " + shown(now) + ", and " + shown(then) + " in the run in " + folder,
                        "--" + option.name, "Leave it out with --resume");
    }
  }
  return before;
}

}  // namespace fastformer::apps
