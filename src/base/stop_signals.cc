// Handlers that note a signal.
#include "base/stop_signals.h"

#include <csignal>

namespace fastformer {
namespace {

volatile std::sig_atomic_t noted = 0;
struct sigaction before_interrupt, before_termination;

void note(int signal) { noted = signal; }

}  // namespace

StopSignals::StopSignals() {
  struct sigaction action = {};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &before_interrupt);
  sigaction(SIGTERM, &action, &before_termination);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &before_interrupt, nullptr);
  sigaction(SIGTERM, &before_termination, nullptr);
}

int StopSignals::asked() { return noted; }

}  // namespace fastformer
