// The program's operator new, of which one call, or all from one on, can be made to fail.
#pragma once

namespace fastformer {

// From here to the end of the scope allocations are counted from 1, those with operator new for
// aligned memory too. The allocation `number` throws std::bad_alloc, with `for_good` those after it
// too; 0: none does. What std::set_new_handler installed is asked first, as the standard has it;
// where all fail, what it gives back, and what is given back after that, is all that can be taken.
// One thread and one object at a time.
class FailingAllocations {
 public:
  explicit FailingAllocations(long number = 0, bool for_good = false);
  ~FailingAllocations();
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;

  long count() const;
  // Blocks taken in the scope and not given back.
  long kept() const;

 private:
  long living_before_;
};

}  // namespace fastformer
