// Whether a command that met a fault says so as its user needs it.
#pragma once

#include <string>

#include "command_run.h"
#include "failing_call.h"

namespace fastformer {

// The error names a path below `folder`, or says that there is no memory where a call for memory
// failed.
inline testing::AssertionResult is_clear(const CommandResult& result, const FailingCall& calls,
                                         const std::string& folder) {
  const bool needs_path = calls.struck() != FailingCall::kTakeMemory;
  if (!needs_path && result.error == kOutOfMemory) return testing::AssertionSuccess();
  if (result.error.find(folder) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "no path in \"" << result.error << "\"";
}

}  // namespace fastformer
