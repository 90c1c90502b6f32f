// Whole runs of "fastformer train" and "pretrain" on a few rows, and what is promised of their
// model folder.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "faults/faulty_run.h"
#include "learn/torch_errors.h"
#include "model/folder.h"

namespace fastformer {

// What a run is: a training that holds out a share of the rows, or each of two parts once, or a
// pretraining.
enum class Run { kShare, kParts, kPretraining };

inline int train(apps::Arguments words) {
  return learn::with_torch_errors([&] { return apps::run_train(words); });
}
inline int pretrain(apps::Arguments words) {
  return learn::with_torch_errors([&] { return apps::run_pretrain(words); });
}

// The files of a model that every way to the end of a run gives the same bytes.
inline constexpr const char* kPromised[] = {"model.safetensors", "config.json", "vocabulary.txt"};

// The cache of corpora that runs have: none, one that they fill, or one that a run has filled.
enum class Cache { kNone, kEmpty, kFull };

// A folder with a corpus and a place for a model.
class TrainingRuns {
 public:
  explicit TrainingRuns(Run run, Cache cache = Cache::kNone)
      : command_of_(run == Run::kPretraining ? pretrain : train), cache_(cache) {
    // The cache keeps no corpus of less than 100,000 bytes, and knows by its time one that is
    // settled.
    const std::string more(cache == Cache::kNone ? 0 : 5000, '.');
    std::string rows = "label,text\n";
    for (int i = 0; i < 24; ++i) {
      rows += i % 2 == 0 ? "animals,the cat and horse " : "colours,the red and green ";
      rows += std::string(1, static_cast<char>('a' + i)) + more + "\n";
    }
    const std::string corpus = folder_.write("rows.csv", rows);
    std::filesystem::last_write_time(
        corpus, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    if (run == Run::kPretraining) {
      command_ = {"--text", corpus, "--candidates", "5"};
    } else {
      command_ = {"--train", corpus, "--folds", run == Run::kParts ? "2" : "1"};
    }
    const char* const small[] = {
        "--width",      "4",  "--heads",   "1", "--feed-forward",     "0",
        "--layers",     "1",  "--epochs",  "1", "--checkpoint-every", "1e-9",
        "--batch-size", "64", "--threads", "1", "--subwords",         "20"};
    command_.insert(command_.end(), {"--output", output()});
    command_.insert(command_.end(), std::begin(small), std::end(small));
    const std::string cached = cache_ == Cache::kNone ? "off" : cache_folder();
    for (auto* words : {&command_, &resume_}) {
      words->insert(words->end(), {"--corpus-cache", cached});
    }
    clear();
  }

  const std::string& folder() const { return folder_.path(); }
  std::string output() const { return folder_.file("model"); }
  std::string work() const { return output() + model::kTrainingSuffix; }

  CommandResult begin(io::Operations& calls) const {
    return run_command(command_of_, command_, calls);
  }
  CommandResult resume(io::Operations& calls) const {
    return run_command(command_of_, resume_, calls);
  }

  void clear() const {
    std::filesystem::remove_all(output());
    std::filesystem::remove_all(work());
    std::filesystem::remove_all(cache_folder());
    std::filesystem::create_directory(cache_folder());
    if (io::exists(kept_cache())) copy(kept_cache(), cache_folder());
  }
  // What a run has left in the cache is there from now on.
  void keep_cache() const {
    if (cache_ == Cache::kFull) copy(cache_folder(), kept_cache());
  }
  // Puts a copy of the working folder aside, and back.
  void keep_work() const { copy(work(), folder_.file("kept")); }
  void bring_work_back() const { copy(folder_.file("kept"), work()); }

  // The promised bytes of the model.
  std::string model_bytes() const {
    std::string bytes;
    for (const char* name : kPromised) bytes += io::read_file(io::join_path(output(), name)) + "|";
    return bytes;
  }

 private:
  static void copy(const std::string& from, const std::string& to) {
    std::filesystem::remove_all(to);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  }

  std::string cache_folder() const { return folder_.file("cache"); }
  std::string kept_cache() const { return folder_.file("kept cache"); }

  TemporaryFolder folder_;
  int (*command_of_)(apps::Arguments);
  Cache cache_;
  std::vector<std::string> command_;
  std::vector<std::string> resume_{"--resume", "--output", output(), "--checkpoint-every", "1e-9"};
};

}  // namespace fastformer
