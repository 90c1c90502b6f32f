// Fibers, and what warps do together.
#include "grid.h"

#include <cuda_bf16.h>
#include <cuda_runtime.h>
#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "cuda/instructions.cuh"

namespace fastformer::grid {
namespace {

constexpr std::size_t kWarp = 32, kMostThreads = 1024, kStack = 128 * 1024;
constexpr std::size_t kUnaskedMemory = 48 * 1024, kMostMemory = 227 * 1024;  // as of an H100

// Threads that wait for each other.
struct Meeting {
  std::size_t members = 0, waiting = 0, times = 0;

  void release_if_all() {
    if (waiting == 0 || waiting < members) return;
    waiting = 0;
    ++times;
  }
  void leave() {
    --members;
    release_if_all();
  }
};

// What a lane shows the others of its warp.
union Shown {
  float value;
  const void* row;
  struct {
    std::uint32_t left[4], right[2];
  } matrices;
};

struct Warp {
  Meeting meeting;
  // Of the meeting's even times and of its odd ones: who comes to the next is done with the last.
  std::array<std::array<Shown, kWarp>, 2> shown;
};

struct Fiber {
  std::unique_ptr<char[]> stack;
  jmp_buf state;
  bool has_ended = true;
  Meeting* waits_for = nullptr;
  std::size_t until = 0;  // waits_for->times
  Extent place{0, 0, 0};
};

struct Machine {
  std::mutex mutex;
  std::map<const void*, std::size_t> allowed;  // memory of a kernel's blocks
  cudaError_t error = cudaSuccess;
  bool turns_round = false;

  std::vector<Fiber> fibers{kMostThreads};
  std::vector<Warp> warps{kMostThreads / kWarp};
  Meeting block;
  std::vector<uint4> memory{kMostMemory / sizeof(uint4)};
  Place place;
  std::size_t current = 0;
  jmp_buf scheduler;
  const std::function<void()>* work = nullptr;
};

Machine& machine() {
  static Machine machine;
  return machine;
}

Fiber& current() { return machine().fibers[machine().current]; }
Warp& warp() { return machine().warps[machine().current / kWarp]; }

void leave_fiber() {
  if (_setjmp(current().state) == 0) _longjmp(machine().scheduler, 1);
}

// A fiber's whole life: one thread after another.
void live() {
  Machine& m = machine();
  for (;;) {
    (*m.work)();
    current().has_ended = true;
    warp().meeting.leave();
    m.block.leave();
    leave_fiber();
  }
}

// Brings a fiber to where it waits for its first thread.
void make(Fiber& fiber) {
  fiber.stack = std::make_unique<char[]>(kStack);
  ucontext_t own, back;
  getcontext(&own);
  own.uc_stack.ss_sp = fiber.stack.get();
  own.uc_stack.ss_size = kStack;
  own.uc_link = nullptr;
  makecontext(
      &own,
      [] {
        leave_fiber();
        live();
      },
      0);
  if (_setjmp(machine().scheduler) == 0) swapcontext(&back, &own);
}

void resume(std::size_t thread) {
  Machine& m = machine();
  m.current = thread;
  m.place.thread = m.fibers[thread].place;
  if (_setjmp(m.scheduler) == 0) _longjmp(m.fibers[thread].state, 1);
}

bool can_go_on(const Fiber& fiber) {
  return !fiber.has_ended && (!fiber.waits_for || fiber.waits_for->times != fiber.until);
}

void begin_block(const Extent& threads) {
  Machine& m = machine();
  const std::size_t count = threads.count();
  m.block = {count};
  for (std::size_t w = 0; w * kWarp < count; ++w) {
    m.warps[w].meeting = {std::min(kWarp, count - w * kWarp)};
  }
  for (std::size_t t = 0; t < count; ++t) {
    Fiber& fiber = m.fibers[t];
    m.current = t;
    if (!fiber.stack) make(fiber);
    fiber.has_ended = false;
    fiber.waits_for = nullptr;
    const auto number = static_cast<unsigned>(t);
    fiber.place = {number % threads.x, number / threads.x % threads.y,
                   number / threads.x / threads.y};
  }
}

void run_block(const Grid& grid) {
  Machine& m = machine();
  begin_block(grid.threads);
  std::memset(m.memory.data(), 0xff, grid.block_memory);
  const std::size_t count = grid.threads.count(), warps = (count + kWarp - 1) / kWarp;
  while (m.block.members > 0) {
    for (std::size_t i = 0; i < warps; ++i) {
      const std::size_t first = (m.turns_round ? warps - 1 - i : i) * kWarp;
      const std::size_t lanes = std::min(kWarp, count - first);
      for (bool goes_on = true; goes_on;) {
        goes_on = false;
        for (std::size_t j = 0; j < lanes; ++j) {
          const std::size_t thread = first + (m.turns_round ? lanes - 1 - j : j);
          if (!can_go_on(m.fibers[thread])) continue;
          resume(thread);
          goes_on = true;
        }
      }
    }
  }
}

void wait_for(Meeting& meeting) {
  Fiber& fiber = current();
  fiber.waits_for = &meeting;
  fiber.until = meeting.times;
  ++meeting.waiting;
  meeting.release_if_all();
  if (meeting.times == fiber.until) leave_fiber();
}

// What all lanes of the warp show, until the next but one time that they do.
const std::array<Shown, kWarp>& show(const Shown& own) {
  Warp& own_warp = warp();
  std::array<Shown, kWarp>& shown = own_warp.shown[own_warp.meeting.times % 2];
  shown[machine().current % kWarp] = own;
  wait_for(own_warp.meeting);
  return shown;
}

std::uint32_t pair_of(const std::array<Shown, kWarp>& shown, std::size_t matrix, std::size_t lane,
                      bool is_transposed) {
  std::uint16_t numbers[2];
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t row = lane / 4, column = lane % 4 * 2 + i;
    const Shown& named = shown[matrix * 8 + (is_transposed ? column : row)];
    const auto* from = static_cast<const std::uint16_t*>(named.row);
    numbers[i] = from[is_transposed ? row : column];
  }
  return numbers[0] | static_cast<std::uint32_t>(numbers[1]) << 16;
}

template <std::size_t kCount>
void load(const void* row, bool is_transposed, std::uint32_t (&to)[kCount]) {
  const auto& shown = show({.row = row});
  const std::size_t lane = machine().current % kWarp;
  for (std::size_t i = 0; i < kCount; ++i) to[i] = pair_of(shown, i, lane, is_transposed);
}

// Number `half` of two bfloat16.
float part(std::uint32_t pair, std::size_t half) {
  return __bfloat162float({static_cast<std::uint16_t>(pair >> (16 * half))});
}

}  // namespace

const Place& here() { return machine().place; }

bool run(const Grid& grid, const std::function<void()>& thread) {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  const auto asked = m.allowed.find(grid.kernel);
  const std::size_t allowed = asked == m.allowed.end() ? kUnaskedMemory : asked->second;
  const std::size_t threads = grid.threads.count();
  if (grid.blocks.count() == 0 || threads == 0 || threads > kMostThreads ||
      grid.block_memory > allowed) {
    m.error = cudaErrorInvalidValue;
    return false;
  }
  m.work = &thread;
  m.place.blocks = grid.blocks;
  for (unsigned z = 0; z < grid.blocks.z; ++z) {
    for (unsigned y = 0; y < grid.blocks.y; ++y) {
      for (unsigned x = 0; x < grid.blocks.x; ++x) {
        m.place.block = {x, y, z};
        run_block(grid);
        m.turns_round = !m.turns_round;
      }
    }
  }
  return true;
}

void meet_block() { wait_for(machine().block); }

float value_of_lane(float value, int step) {
  const auto& shown = show({.value = value});
  return shown[machine().current % kWarp ^ static_cast<std::size_t>(step)].value;
}

}  // namespace fastformer::grid

namespace fastformer::cuda {

using grid::kWarp;

char* block_memory() { return reinterpret_cast<char*>(grid::machine().memory.data()); }

void add_product(const Left& left, const Right& right, Sums& sums) {
  grid::Shown own;
  std::copy_n(left, 4, own.matrices.left);
  std::copy_n(right, 2, own.matrices.right);
  const auto& shown = grid::show(own);
  const std::size_t lane = grid::machine().current % kWarp;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t row = lane / 4, is_lower = i / 2, column = lane % 4 * 2 + i % 2;
    for (std::size_t k = 0; k < 16; ++k) {
      const std::size_t is_far = k / 8, holder = k % 8 / 2;
      sums[i] += grid::part(shown[row * 4 + holder].matrices.left[2 * is_far + is_lower], k % 2) *
                 grid::part(shown[column * 4 + holder].matrices.right[is_far], k % 2);
    }
  }
}

void load_four(const void* row, std::uint32_t (&to)[4]) { grid::load(row, false, to); }
void load_four_transposed(const void* row, std::uint32_t (&to)[4]) { grid::load(row, true, to); }
void load_two_transposed(const void* row, std::uint32_t (&to)[2]) { grid::load(row, true, to); }

}  // namespace fastformer::cuda

cudaError_t cudaGetLastError() {
  return std::exchange(fastformer::grid::machine().error, cudaSuccess);
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute, int value) {
  const auto bytes = static_cast<std::size_t>(value);
  if (bytes > fastformer::grid::kMostMemory) return cudaErrorInvalidValue;
  fastformer::grid::machine().allowed[kernel] = bytes;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* devices) {
  *devices = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int) { return cudaSuccess; }

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  constexpr int kGeneration = 9;
  *value = attribute == cudaDevAttrComputeCapabilityMajor
               ? kGeneration
               : static_cast<int>(fastformer::grid::kMostMemory);
  return cudaSuccess;
}
