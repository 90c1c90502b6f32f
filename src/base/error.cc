// Composes the message of an Error from its parts.
#include <fastformer/error.h>

namespace fastformer {
namespace {

std::string compose(const std::string& what, const std::string& where, const std::string& advice) {
  std::string message = where.empty() ? what : where + ": " + what;
  if (!advice.empty()) message += ". " + advice;
  return message;
}

}  // namespace

Error::Error(const std::string& what, const std::string& where, const std::string& advice,
             ErrorKind kind)
    : std::runtime_error(compose(what, where, advice)), kind_(kind) {}

Error usage_error(const std::string& what, const std::string& where, const std::string& advice) {
  return Error(what, where, advice, ErrorKind::kUsage);
}

}  // namespace fastformer
