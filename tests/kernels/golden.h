// Tensors of the authors' PyTorch Fastformer, read from tests/testdata/golden.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "io/files.h"
#include "kernels/reference/weights.h"

namespace fastformer::kernels {

// A safetensors file (8 bytes of header length, JSON header, elements), for trusted test data.
class GoldenFile {
 public:
  explicit GoldenFile(const std::string& path) {
    const std::string bytes = io::read_file(path);
    std::uint64_t header_length = 0;
    std::memcpy(&header_length, bytes.data(), sizeof header_length);
    header_ = nlohmann::json::parse(bytes.substr(8, header_length));
    data_ = bytes.substr(8 + header_length);
  }

  bool has(const std::string& name) const { return header_.contains(name); }
  std::vector<std::int64_t> shape(const std::string& name) const {
    return header_.at(name).at("shape");
  }

  // The elements; `T` is the type that the file stores.
  template <typename T>
  std::vector<T> read(const std::string& name) const {
    const nlohmann::json& entry = header_.at(name);
    const std::string stored = std::is_same_v<T, double>  ? "F64"
                               : std::is_same_v<T, float> ? "F32"
                                                          : "I64";
    if (entry.at("dtype") != stored) throw std::runtime_error(name + " is not " + stored);
    const std::size_t begin = entry.at("data_offsets").at(0), end = entry.at("data_offsets").at(1);
    std::vector<T> elements((end - begin) / sizeof(T));
    std::memcpy(elements.data(), data_.substr(begin, end - begin).data(), end - begin);
    return elements;
  }

  nlohmann::json config() const {
    const std::string text = header_.at("__metadata__").at("config");
    return nlohmann::json::parse(text);
  }

 private:
  nlohmann::json header_;
  std::string data_;
};

// The authors' name of a tensor that the model folder calls `name`.
inline std::string official_name(std::string name) {
  // Applied in order, once each; a replacement holds nothing that a later row looks for.
  static const std::vector<std::pair<std::string, std::string>> kRows = {
      {"embedding.word.", "word_embedding."},
      {"embedding.position.", "fastformer_model.position_embeddings."},
      {"embedding.norm.", "fastformer_model.LayerNorm."},
      {"pooling.hidden.", "fastformer_model.poolers.0.att_fc1."},
      {"pooling.score.", "fastformer_model.poolers.0.att_fc2."},
      {"classifier.", "dense_linear."},
      {"encoder.layer.", "fastformer_model.encoders."},
      {".attention.output.", ".attention.output.dense."},
      {".attention.norm.", ".attention.output.LayerNorm."},
      {".attention.query.", ".attention.self.query."},
      {".attention.key.", ".attention.self.key."},
      {".attention.query_score.", ".attention.self.query_att."},
      {".attention.key_score.", ".attention.self.key_att."},
      {".attention.transform.", ".attention.self.transform."},
      {".feed_forward.inner.", ".intermediate.dense."},
      {".feed_forward.outer.", ".output.dense."},
      {".feed_forward.norm.", ".output.LayerNorm."}};
  for (const auto& [ours, theirs] : kRows) {
    const std::size_t at = name.find(ours);
    if (at != std::string::npos) name.replace(at, ours.size(), theirs);
  }
  return name;
}

// A classifier of the golden files: its tensors under our names, and a batch without padding.
template <typename T>
struct GoldenModel {
  explicit GoldenModel(const std::string& path) : file(path) {
    const nlohmann::json config = file.config();
    architecture.vocabulary = config.at("vocab_size");
    architecture.max_length = config.at("max_position_embeddings");
    architecture.width = config.at("hidden_size");
    architecture.layers = config.at("num_hidden_layers");
    architecture.feed_forward = config.at("intermediate_size");
    architecture.labels = config.at("num_labels");
    architecture.norm_epsilon = config.at("layer_norm_eps");
    architecture.attention.heads = config.at("num_attention_heads");
    const std::vector<std::int64_t> ids = file.read<std::int64_t>("input.ids");
    for (std::size_t at = 0; at < ids.size(); ++at) {
      if (at % positions() == 0) documents.emplace_back();
      if (ids[at] != 0) documents.back().push_back(static_cast<std::int32_t>(ids[at]));
    }
    for (std::int64_t label : file.read<std::int64_t>("input.labels")) {
      labels.push_back(static_cast<std::int32_t>(label));
    }
  }

  // Rows that the batch's tensors keep for every document.
  std::size_t positions() const { return static_cast<std::size_t>(file.shape("input.ids").at(1)); }

  const T* tensor(const std::string& name) {
    const std::string official = "weights." + official_name(name);
    if (!file.has(official)) return nullptr;
    auto [at, added] = store.try_emplace(name);
    if (added) at->second = file.read<T>(official);
    return at->second.data();
  }

  GoldenFile file;
  reference::Architecture architecture;
  std::vector<std::vector<std::int32_t>> documents;
  std::vector<std::int32_t> labels;
  std::map<std::string, std::vector<T>> store;
};

}  // namespace fastformer::kernels
