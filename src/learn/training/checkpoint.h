// A training's state as named tensors and texts, in one file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "learn/precompiled.h"

namespace fastformer::model {
class SafetensorsFile;
}  // namespace fastformer::model

namespace fastformer::learn {

// Either filled with put() and written, or read and asked. A name that is not there, or a tensor of
// another shape or type than is asked for, is an Error that says that the file is of another run.
class Checkpoint {
 public:
  // Of the file that write() fills before it takes the place of the last one.
  static constexpr const char* kNextSuffix = ".new";

  Checkpoint();
  // Maps and checks a file (safetensors).
  explicit Checkpoint(const std::string& path);
  ~Checkpoint();
  Checkpoint(Checkpoint&&) noexcept;
  Checkpoint& operator=(Checkpoint&&) noexcept;

  // The tensor is not copied when it is contiguous and on the processor: write() before it changes.
  void put(const std::string& name, const at::Tensor& tensor);
  void put(const std::string& name, std::int64_t number);
  void put(const std::string& name, double number);
  void put_text(const std::string& name, std::string text);
  // All of `other` beside what there is.
  void add(const Checkpoint& other);
  // The file holds the old state or all of the new one, whatever happens in between.
  void write(const std::string& path) const;

  bool contains(const std::string& name) const;
  // A copy.
  at::Tensor tensor(const std::string& name) const;
  void copy_into(const std::string& name, const at::Tensor& to) const;
  std::vector<float> floats(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;
  double number(const std::string& name) const;
  std::string text(const std::string& name) const;  // empty where there is none
  // Throws unless `holds`; `what` says what is wrong with the state: "has 3 epochs of 2".
  void require(bool holds, const std::string& what) const;

 private:
  [[noreturn]] void fail(const std::string& what) const;

  std::vector<std::pair<std::string, at::Tensor>> tensors_;
  std::map<std::string, std::string> texts_;
  std::unique_ptr<model::SafetensorsFile> file_;  // of one that was read
};

}  // namespace fastformer::learn
