// A small pool of threads that hands out ranges of a loop.
#include "base/parallel.h"

#include <fastformer/error.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>

namespace fastformer {
namespace {

// A thread that sleeps is late for what comes next, by 50 to 100 us on a virtual machine, and a
// long document has several loops a layer. So a thread looks out for work this long before it
// sleeps.
constexpr std::chrono::microseconds kPatience(100);

// Waits that long for it; others that want the processor get it meanwhile.
template <typename Condition>
void look_out_for(const Condition& happened) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!happened() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
}

}  // namespace

ParallelFor serial_for() {
  return [](std::int64_t count, std::int64_t,
            const std::function<void(std::int64_t, std::int64_t)>& body) {
    if (count > 0) body(0, count);
  };
}

int available_threads() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

ThreadPool::ThreadPool(int threads) {
  const int processors = available_threads();
  if (threads <= 0) threads = processors;
  looks_out_ = threads <= processors;
  workers_.reserve(static_cast<std::size_t>(threads - 1));
  try {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    const std::string started = std::to_string(workers_.size() + 1);
    stop();
    throw Error("the system starts no more than " + started + " of " + std::to_string(threads) +
                    " threads (" + error.what() + ")",
                "threads", "Ask for fewer");
  } catch (...) {
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    ++calls_;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(std::int64_t count, std::int64_t grain,
                     const std::function<void(std::int64_t, std::int64_t)>& body) {
  if (count <= 0) return;
  // Many ranges a thread, so that the last ones to be done do not hold up the rest for long.
  const std::int64_t ranges = 32 * static_cast<std::int64_t>(threads());
  const std::int64_t wanted = (count + ranges - 1) / ranges;
  const std::int64_t step = std::max({grain, wanted, std::int64_t{1}});
  if (workers_.empty() || step >= count) {
    body(0, count);
    return;
  }
  std::unique_lock lock(mutex_);
  job_ = {&body, count, step};
  next_ = 0;
  error_ = nullptr;
  ++calls_;
  wake_.notify_all();
  take_ranges(job_, lock);
  if (looks_out_ && running_ > 0) {
    lock.unlock();
    look_out_for([this] { return running_ == 0; });
    lock.lock();
  }
  done_.wait(lock, [this] { return running_ == 0; });
  job_ = {};
  if (error_) std::rethrow_exception(error_);
}

ParallelFor ThreadPool::parallel_for() {
  return [this](std::int64_t count, std::int64_t grain,
                const std::function<void(std::int64_t, std::int64_t)>& body) {
    run(count, grain, body);
  };
}

void ThreadPool::work() {
  const auto is_called = [this] { return stopping_ || (job_.body && next_ < job_.count); };
  std::unique_lock lock(mutex_);
  for (;;) {
    while (looks_out_ && !is_called()) {
      const std::uint64_t seen = calls_;
      lock.unlock();
      look_out_for([this, seen] { return calls_ != seen; });
      lock.lock();
      if (calls_ == seen) break;
    }
    wake_.wait(lock, is_called);
    if (stopping_) return;
    take_ranges(job_, lock);
    if (running_ == 0) done_.notify_all();
  }
}

// Takes ranges until none is left; `lock` is held on entry and on return, not while a body runs.
void ThreadPool::take_ranges(const Job& shared_job, std::unique_lock<std::mutex>& lock) {
  const Job job = shared_job;
  while (next_ < job.count) {
    const std::int64_t begin = next_;
    const std::int64_t end = std::min(job.count, begin + job.step);
    next_ = end;
    ++running_;
    lock.unlock();
    std::exception_ptr error;
    try {
      (*job.body)(begin, end);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    --running_;
    if (error) {
      if (!error_) error_ = error;
      next_ = job.count;
    }
  }
}

}  // namespace fastformer
