// A trained model, opened from its folder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fastformer {

// Everything is read and checked when the model is opened; the folder must stay unchanged while
// the model lives. Const functions may be called from several threads at once. Moving is cheap;
// a model that was moved from can only be assigned to or destroyed.
class Model {
 public:
  // Opens the model folder `folder`. Throws an Error that names the file, and the tensor or key in
  // it, when the folder is missing, damaged, or made by a newer version.
  static Model open(const std::string& folder);

  ~Model();
  Model(Model&& other) noexcept;
  Model& operator=(Model&& other) noexcept;

  // Names of the classes, in the order of the model's outputs. At least one, but none of a
  // pretrained encoder.
  const std::vector<std::string>& labels() const;

  // Whether the model can read text. An imported model without a tokenizer takes ids only.
  bool has_tokenizer() const;
  // Token ids of a document in UTF-8, each in [0, vocabulary()): repaired where it is not valid,
  // split, looked up, and cut to max_length() as the model's configuration says; empty for a
  // document without words. Throws an Error when the model has no tokenizer, and on a document
  // that is too long when the configuration refuses such documents.
  std::vector<std::int32_t> token_ids(std::string_view text) const;

  // Number of distinct token ids.
  std::int64_t vocabulary() const;
  // The most tokens of a document that the model reads.
  std::int64_t max_length() const;
  // Number of trained numbers in all tensors.
  std::int64_t parameters() const;
  // The folder's config.json as readable JSON.
  std::string config_json() const;

 private:
  struct Content;
  explicit Model(std::unique_ptr<const Content> content);

  std::unique_ptr<const Content> content_;
};

}  // namespace fastformer
