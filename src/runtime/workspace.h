// Memory of runs, kept from one to the next: of a document, and of a thread's tile.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "runtime/encoder_plan.h"
#include "runtime/summary.h"

namespace fastformer::runtime {

// Lends objects and takes them back; new ones are made only when all are out.
template <typename T>
class Pool {
 public:
  class Loan {
   public:
    Loan(Pool& pool, std::unique_ptr<T> object) : pool_(pool), object_(std::move(object)) {}
    ~Loan() { pool_.take_back(std::move(object_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    T& operator*() { return *object_; }
    T* operator->() { return object_.get(); }

   private:
    Pool& pool_;
    std::unique_ptr<T> object_;
  };

  Loan lend() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<T> object = std::move(free_.back());
        free_.pop_back();
        return Loan(*this, std::move(object));
      }
    }
    std::unique_ptr<T> object = std::make_unique<T>();
    const std::lock_guard lock(mutex_);
    free_.reserve(made_ + 1);  // taking it back must not need memory
    ++made_;
    return Loan(*this, std::move(object));
  }

 private:
  void take_back(std::unique_ptr<T> object) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(object));
  }

  std::mutex mutex_;
  std::size_t made_ = 0;
  std::vector<std::unique_ptr<T>> free_;
};

// What a thread needs for kTile tokens.
struct TileMemory {
  void require(const EncoderPlan& plan);

  Floats tokens;             // [tile, width]: of a document that keeps them in bfloat16
  Floats input;              // [tile, width]: the tokens, normalised first with pre-norm
  Floats attended;           // [tile, width]
  Floats value;              // [tile, width]
  Floats local;              // [tile, width]: of a gated local branch
  Floats around;             // [tile and its neighbours, width]: for a local branch
  Floats inner;              // [tile, feed-forward]
  Floats scores;             // [tile, heads]
  Multiplier::Room operand;  // any of the above in the number format
  Floats shrink;             // [heads]
};

// What a document needs. Rows of `tokens` lie padded(width) apart.
struct DocumentMemory {
  void require(const EncoderPlan& plan, std::int64_t tokens);

  Floats tokens;                             // x [tokens, width]
  AlignedArray<kernels::Pair> short_tokens;  // or this, in short formats
  // x as a layer with a local branch leaves it, which reads the old one.
  Floats rewritten;
  AlignedArray<kernels::Pair> short_rewritten;
  Multiplier::Room quads;       // the same tokens, as products in int8 read them
  Summary alpha, beta, pooled;  // of this or the next layer; pooled has one head
  Floats largest;               // [chunks, width]: each channel's largest
  Floats global_query, global_key;
  PackedMatrix directions;  // G o Q
  PackedMatrix key_scores;  // B
  Floats key_score_offset;
  Floats values;                // Wv' o K
  Multiplier::Room value_rows;  // the same in the maps' number format
  PackedMatrix output;          // M
  Floats output_offset;
  Floats document;  // what the head reads
};

}  // namespace fastformer::runtime
