// Opens, checks and writes model folders.
#include "model/folder.h"

#include <fastformer/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/digest.h"
#include "base/strings.h"
#include "config/json_text.h"
#include "io/files.h"
#include "model/config_json.h"
#include "model/quantized.h"
#include "model/schema.h"
#include "model/seal.h"
#include "model/wide_tensors.h"

namespace fastformer::model {
namespace {

constexpr char kTokenizerDigestKey[] = "tokenizer";  // of the tensor file's metadata
constexpr char kCopyAnew[] = "Copy it anew from where the model came from";
constexpr std::size_t kDocumentLimit = std::size_t{64} << 20;  // bytes of a JSON file
constexpr std::size_t kTokenizerLimit = std::size_t{1} << 30;  // bytes of a tokenizer's file

void check_is_folder(const std::string& path) {
  const io::FileStatus status = io::status_of(path);
  if (!status.exists) {
    const bool unfinished = io::is_directory(path + kTrainingSuffix);
    throw Error(
        "no such model folder", path,
        unfinished ? "Its training has not finished: " + path + kTrainingSuffix + " is there" : "");
  }
  if (!status.is_directory) throw Error("is not a folder", path, "Name the model's folder");
  for (const char* name : {kConfigFile, kTensorFile}) {
    if (!io::exists(io::join_path(path, name))) {
      throw Error("is not a model folder: it has no " + std::string(name), path,
                  "Give a folder as fastformer train leaves it, with all its files");
    }
  }
}

// `where` names the file; the rest is what it has under the name.
void check_tensor(const StoredTensor& expected, std::span<const std::int64_t> shape,
                  const std::string& dtype, const std::string& where) {
  const std::string called = "tensor \"" + expected.name + "\" ";
  if (expected.dtype.empty() ? !is_float_dtype(dtype) : dtype != expected.dtype) {
    throw Error(called + "holds " + dtype + ", not " +
                    (expected.dtype.empty() ? "floating-point numbers" : expected.dtype),
                where);
  }
  if (!std::equal(shape.begin(), shape.end(), expected.shape.begin(), expected.shape.end())) {
    throw Error(called + "is " + printable(shape_text(shape)) + ", the configuration asks for " +
                    shape_text(expected.shape),
                where);
  }
}

// Exactly the tensors of the configuration must be there.
void check_tensors(const SafetensorsFile& file, const ModelConfig& config) {
  std::set<std::string> expected;
  for (const auto& list : {stored_tensors_of(config), wide_tensors_of(config)}) {
    for (const StoredTensor& stored : list) {
      const TensorView& tensor = file.tensor(stored.name);
      check_tensor(stored, tensor.shape, tensor.dtype, file.path());
      expected.insert(stored.name);
    }
  }
  for (const std::string& name : file.names()) {
    if (!expected.contains(name)) {
      throw Error("tensor \"" + printable(name) + "\" has no place in the configuration",
                  file.path());
    }
  }
  for (const TensorSpec& spec : tensors_of(config)) {
    if (config.quantized && stored_in_bytes(spec)) check_scales(file, spec.name);
  }
}

std::shared_ptr<const text::Tokenizer> checked_tokenizer(const ModelConfig& config,
                                                         std::string bytes,
                                                         const std::string& where) {
  auto tokenizer = text::load_tokenizer(config.text, std::move(bytes), where);
  if (tokenizer->size() != config.vocabulary) {
    throw Error("knows " + format_count(tokenizer->size()) + " tokens, the configuration says " +
                    format_count(config.vocabulary),
                where);
  }
  return tokenizer;
}

std::string digest_of(std::string_view bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.hex();
}

std::shared_ptr<const text::Tokenizer> read_tokenizer(const std::string& folder,
                                                      const ModelConfig& config, bool imported,
                                                      const SafetensorsFile& tensors) {
  const std::string name = text::tokenizer_file_name(config.text.tokenizer);
  const std::string path = io::join_path(folder, name);
  if (!io::exists(path)) {
    if (imported) return nullptr;
    throw Error("is not a whole model folder: it has no " + name, folder, kCopyAnew);
  }
  std::string bytes = io::read_file(path, kTokenizerLimit);
  const auto written = tensors.metadata().find(kTokenizerDigestKey);
  const bool is_sealed =
      tensors.metadata().contains(kSealKey) && written != tensors.metadata().end();
  if (is_sealed && written->second != digest_of(bytes)) {
    throw Error("is damaged, or not the one that the model was trained with", path, kCopyAnew);
  }
  return checked_tokenizer(config, std::move(bytes), path);
}

// The tensors in the order of the schema.
std::vector<NamedTensor> in_file_order(const ModelParts& parts, const std::string& where) {
  std::vector<NamedTensor> sorted;
  for (const StoredTensor& stored : stored_tensors_of(parts.config)) {
    const auto at =
        std::find_if(parts.tensors.begin(), parts.tensors.end(),
                     [&](const NamedTensor& tensor) { return tensor.name == stored.name; });
    if (at == parts.tensors.end()) throw Error("tensor \"" + stored.name + "\" is missing", where);
    check_tensor(stored, at->shape, at->dtype, where);
    sorted.push_back(*at);
  }
  if (sorted.size() != parts.tensors.size()) {
    throw Error(std::to_string(parts.tensors.size()) + " tensors where the configuration has " +
                    std::to_string(sorted.size()),
                where);
  }
  return sorted;
}

}  // namespace

ModelFolder::ModelFolder(std::string path, SafetensorsFile tensors)
    : path_(std::move(path)), tensors_(std::move(tensors)) {}

ModelFolder::~ModelFolder() { config::dismantle(document_); }
ModelFolder::ModelFolder(ModelFolder&&) noexcept = default;
ModelFolder& ModelFolder::operator=(ModelFolder&&) noexcept = default;

ModelFolder ModelFolder::open(const std::string& path) {
  check_is_folder(path);
  const std::string config_path = io::join_path(path, kConfigFile);
  const std::string config_text = io::read_file(config_path, kDocumentLimit);
  config::Json document;
  const config::Dismantled<config::Json> guard(document);
  ModelConfig config = parse_config_text(config_text, config_path, &document);

  ModelFolder folder(path, SafetensorsFile(io::join_path(path, kTensorFile)));
  check_tensors(folder.tensors_, config);
  check_seal(folder.tensors_, std::string(kCopyAnew) + ". Whoever changes weights takes \"" +
                                  kSealKey + "\" out of the metadata");
  if (config.wide.present) {
    folder.wide_ = std::make_shared<WideTable>(wide_table_of(folder.tensors_, config));
  }
  folder.tokenizer_ =
      read_tokenizer(path, config, document.contains(kImportSection), folder.tensors_);
  folder.config_ = std::move(config);
  folder.document_ = std::move(document);
  return folder;
}

void ModelFolder::require_classifier() const {
  if (!config_.is_pretrained_encoder()) return;
  throw Error("is a pretrained encoder, which has no labels", path_,
              "Train a classifier that begins with it: fastformer train --init-from " + path_);
}

text::Pipeline ModelFolder::pipeline() const {
  if (!tokenizer_) {
    throw Error("the model has no tokenizer", path_, "Give it token ids instead of text");
  }
  return text::Pipeline(config_.text, tokenizer_);
}

config::Json ModelFolder::metrics() const {
  const std::string path = io::join_path(path_, kMetricsFile);
  if (!io::exists(path)) return nullptr;
  return config::parse_json<config::Json>(io::read_file(path, kDocumentLimit), path);
}

std::vector<float> ModelFolder::floats(const std::string& name) const {
  const bool rounded = config_.quantized && tensors_.tensor(name).dtype == "I8";
  return rounded ? dequantized(tensors_, name) : tensors_.floats(name);
}

std::int64_t ModelFolder::parameters() const {
  return stored_numbers_of(config_);  // the tensors were checked to be those
}

void write_model_folder(const std::string& path, const ModelParts& parts) {
  const std::string config_text = config::json_text(config_document(parts.config, parts.extra));
  const std::string tokenizer =
      io::join_path(path, text::tokenizer_file_name(parts.config.text.tokenizer));
  if (!parts.tokenizer.empty()) {
    checked_tokenizer(parts.config, parts.tokenizer, tokenizer);
  } else if (!parts.extra.contains(kImportSection)) {
    throw Error("there is no tokenizer to write", tokenizer);
  }
  std::vector<NamedTensor> tensors = in_file_order(parts, io::join_path(path, kTensorFile));

  if (parts.config.wide.present) append_tensors(*parts.wide, tensors);
  std::map<std::string, std::string> metadata = {{"format", "fastformer"}};
  if (!parts.tokenizer.empty()) metadata[kTokenizerDigestKey] = digest_of(parts.tokenizer);
  write_sealed_safetensors(io::join_path(path, kTensorFile), tensors, std::move(metadata));
  if (!parts.tokenizer.empty()) {
    io::write_file_atomically(tokenizer, parts.tokenizer);
  }
  if (!parts.metrics.is_null()) {
    io::write_file_atomically(io::join_path(path, kMetricsFile), config::json_text(parts.metrics));
  }
  io::write_file_atomically(io::join_path(path, kCardFile), parts.card);
  io::write_file_atomically(io::join_path(path, kConfigFile), config_text);
}

}  // namespace fastformer::model
