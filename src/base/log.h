// Talk to the person who waits: the library reports through a sink that the application sets.
#pragma once

#include <functional>
#include <string>

namespace fastformer {

enum class LogLevel { kInfo, kWarning };

// Receives whole lines without the line break, from any thread.
using LogSink = std::function<void(LogLevel, const std::string&)>;

// Replaces the sink; the default one drops everything. Call before other threads start.
void set_log_sink(LogSink sink);

void log_info(const std::string& line);
void log_warning(const std::string& line);

}  // namespace fastformer
