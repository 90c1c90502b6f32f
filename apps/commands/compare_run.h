// Does one cell of a comparison in processes of its own.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "commands/compare_limits.h"
#include "commands/compare_options.h"
#include "io/child_process.h"

namespace fastformer::apps {

// Each cell's processes write their talk to FOLDER/NAME.log, and trained models lie there for as
// long as they are needed.
class CellRunner {
 public:
  // `options` and `plan` must outlive it; `folder` exists. `wait` is called while a process runs.
  CellRunner(const CompareOptions& options, const ComparePlan& plan, std::string folder,
             std::function<void()> wait);

  // What the cell found, or {"ended": why} when a limit ended it. Nothing when it failed: that is
  // logged, and may be tried again. Throws Stopped when a signal came, and an Error when the
  // options are wrong.
  std::optional<config::Json> run(const learn::Cell& cell) const;

 private:
  struct Outcome {
    io::ChildResult child;
    config::Json ended;  // what to keep of a cell that a limit ended; null: none did
    bool is_done = false;
  };

  std::optional<config::Json> train_and_evaluate(const learn::Cell& cell) const;
  std::optional<config::Json> sweep(const learn::Cell& cell) const;
  Outcome run_words(const learn::Cell& cell, const std::vector<std::string>& words) const;
  std::optional<config::Json> ended_or_failed(const learn::Cell& cell,
                                              const Outcome& outcome) const;
  std::string file_of(const learn::Cell& cell) const;
  std::string talk_of(const learn::Cell& cell) const;

  const CompareOptions& options_;
  const ComparePlan& plan_;
  std::string folder_;
  std::function<void()> wait_;
  CellLimits limits_;
  std::string self_, lean_;  // the programs
};

}  // namespace fastformer::apps
