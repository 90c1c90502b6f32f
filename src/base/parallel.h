// How work is spread over threads: kernels take a ParallelFor and never own threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace fastformer {

// Calls body(begin, end) on disjoint ranges that cover [0, count), possibly at the same time on
// several threads, and returns when all are done. Ranges hold at least `grain` items (but the
// last).
using ParallelFor =
    std::function<void(std::int64_t count, std::int64_t grain,
                       const std::function<void(std::int64_t begin, std::int64_t end)>& body)>;

// Runs the whole range on the calling thread.
ParallelFor serial_for();

// The number of processors this process may use (its affinity mask), at least 1.
int available_threads();

// A fixed set of threads that share out ranges. One range runs on the calling thread. The first
// exception of a body is thrown again by run(). Threads sleep when there has been nothing to do
// for a tenth of a millisecond; at once where there are more of them than processors that the
// process may use.
class ThreadPool {
 public:
  // `threads` <= 0 means available_threads(). Throws an Error when the system refuses threads.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Not to be called from two threads at once, nor from inside a body.
  void run(std::int64_t count, std::int64_t grain,
           const std::function<void(std::int64_t, std::int64_t)>& body);

  // A ParallelFor that runs on this pool, which must outlive it.
  ParallelFor parallel_for();

 private:
  struct Job {
    const std::function<void(std::int64_t, std::int64_t)>* body = nullptr;
    std::int64_t count = 0;
    std::int64_t step = 0;
  };

  void work();
  void stop();
  void take_ranges(const Job& job, std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::vector<std::thread> workers_;
  Job job_;
  std::int64_t next_ = 0;
  std::exception_ptr error_;
  bool stopping_ = false;
  bool looks_out_ = false;
  // Changed under the mutex, and read without it by threads that look out.
  std::atomic<int> running_ = 0;
  std::atomic<std::uint64_t> calls_ = 0;
};

}  // namespace fastformer
