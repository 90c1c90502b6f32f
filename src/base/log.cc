// The log sink.
#include "base/log.h"

#include <mutex>
#include <utility>

namespace fastformer {
namespace {

std::mutex sink_mutex;

LogSink& sink() {
  static LogSink instance;
  return instance;
}

void send(LogLevel level, const std::string& line) {
  std::lock_guard lock(sink_mutex);
  if (sink()) sink()(level, line);
}

}  // namespace

void set_log_sink(LogSink new_sink) {
  std::lock_guard lock(sink_mutex);
  sink() = std::move(new_sink);
}

void log_info(const std::string& line) { send(LogLevel::kInfo, line); }
void log_warning(const std::string& line) { send(LogLevel::kWarning, line); }

}  // namespace fastformer
