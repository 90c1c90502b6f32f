// The one exception type of the library: what went wrong, where, and what to do about it.
#pragma once

#include <stdexcept>
#include <string>

namespace fastformer {

// Whether the caller asked for something impossible (exit code 2) or something failed (exit code
// 1).
enum class ErrorKind { kFailure, kUsage };

// Thrown for every error that a caller can do something about. `what()` reads
// "WHERE: WHAT. ADVICE" with the empty parts left out.
class Error : public std::runtime_error {
 public:
  // `where` names a file, a line or an option; `advice` is a full sentence without the full stop.
  explicit Error(const std::string& what, const std::string& where = "",
                 const std::string& advice = "", ErrorKind kind = ErrorKind::kFailure);

  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// An error of usage: a wrong flag, key or combination of options.
Error usage_error(const std::string& what, const std::string& where = "",
                  const std::string& advice = "");

}  // namespace fastformer
