// Model folders: what is written is read, and what does not fit is refused by name.
#include "model/folder.h"

#include <nlohmann/json.hpp>

#include "base/parallel.h"
#include "base/strings.h"
#include "config/json_text.h"
#include "io/work_folder.h"
#include "model/config_json.h"
#include "model/small_model.h"

namespace fastformer::model {
namespace {

TEST(ModelFolderTest, WhatIsWrittenIsRead) {
  const SmallFolder small;
  const ModelFolder folder = ModelFolder::open(small.path());
  const ModelConfig expected = small_config();
  EXPECT_EQ(folder.config().labels, expected.labels);
  EXPECT_EQ(config_document(folder.config()), config_document(expected));
  EXPECT_EQ(folder.config_document()["training"]["epochs"], 3);
  EXPECT_EQ(folder.metrics()["accuracy"], 0.5);
  std::int64_t parameters = 0;
  for (const FloatTensor& tensor : small.tensors()) {
    EXPECT_EQ(folder.tensors().floats(tensor.name), tensor.values);
    parameters += static_cast<std::int64_t>(tensor.values.size());
  }
  EXPECT_EQ(folder.parameters(), parameters);
  EXPECT_EQ(folder.pipeline().encode("The FAST former x").ids,
            (std::vector<std::int32_t>{1, 2, 3}));
}

TEST(ModelFolderTest, TheOrderOfThePartsDoesNotMatter) {
  const TemporaryFolder folder;
  const auto tensors = random_tensors(small_config());
  ModelParts parts = small_parts(tensors);
  io::make_directory(folder.file("a"));
  io::make_directory(folder.file("b"));
  write_model_folder(folder.file("a"), parts);
  std::reverse(parts.tensors.begin(), parts.tensors.end());
  write_model_folder(folder.file("b"), parts);
  const auto names = io::list_directory(folder.file("a"));
  EXPECT_EQ(names, io::list_directory(folder.file("b")));
  for (const std::string& name : names) {
    EXPECT_EQ(io::read_file(io::join_path(folder.file("a"), name)),
              io::read_file(io::join_path(folder.file("b"), name)));
  }
}

TEST(ModelFolderTest, WorksInAWorkingFolder) {
  const TemporaryFolder place;
  const auto tensors = random_tensors(small_config());
  io::WorkFolder work(place.file("m"), kTrainingSuffix);
  EXPECT_ERROR(ModelFolder::open(place.file("m")), "has not finished");
  write_model_folder(work.path(), small_parts(tensors));
  work.commit();
  EXPECT_EQ(ModelFolder::open(place.file("m")).config().labels.size(), 3u);
}

TEST(ModelFolderTest, SentencePieceModelsTravelToo) {
  const TemporaryFolder folder;
  ModelConfig config = small_config();
  const std::string pieces = learn_pieces(config, text::TokenizerKind::kBpe);
  const auto tensors = random_tensors(config);
  ModelParts parts = small_parts(tensors);
  parts.config = config;
  parts.tokenizer = pieces;
  write_model_folder(folder.path(), parts);
  EXPECT_TRUE(io::exists(folder.file("sentencepiece.model")));
  const ModelFolder opened = ModelFolder::open(folder.path());
  const text::Pipeline pipeline(config.text, opened.tokenizer());
  EXPECT_EQ(opened.pipeline().encode("former fast").ids, pipeline.encode("former fast").ids);
}

TEST(ModelFolderTest, ImportedModelsMayHaveNoTokenizer) {
  const TemporaryFolder folder;
  const auto tensors = random_tensors(small_config());
  ModelParts parts = small_parts(tensors);
  parts.tokenizer.clear();
  EXPECT_ERROR(write_model_folder(folder.path(), parts), "no tokenizer");
  EXPECT_TRUE(io::list_directory(folder.path()).empty());
  parts.extra = {{kImportSection, {{"from", "official"}}}};
  write_model_folder(folder.path(), parts);
  const ModelFolder opened = ModelFolder::open(folder.path());
  EXPECT_EQ(opened.tokenizer(), nullptr);
  EXPECT_ERROR(opened.pipeline(), "token ids");
}

TEST(ModelFolderTest, TheWriterRefusesPartsThatDoNotFit) {
  const TemporaryFolder folder;
  const auto tensors = random_tensors(small_config());
  const auto write = [&](const ModelParts& parts) { write_model_folder(folder.path(), parts); };
  const ModelParts good = small_parts(tensors);
  ModelParts bad = good;
  bad.tensors.pop_back();
  EXPECT_ERROR(write(bad), "\"classifier.bias\" is missing");
  bad = good;
  bad.tensors.push_back(good.tensors[0]);
  EXPECT_ERROR(write(bad), "tensors where");
  bad = good;
  bad.tensors[0].shape = {8, 4};
  EXPECT_ERROR(write(bad), "\"embedding.word.weight\" is [8, 4]");
  bad = good;
  bad.tensors[0].dtype = "I32";
  EXPECT_ERROR(write(bad), "holds I32");
  bad = good;
  bad.tokenizer += "more\n";
  EXPECT_ERROR(write(bad), "vocabulary.txt: knows 5 tokens");
  bad = good;
  bad.config.labels.clear();
  EXPECT_ERROR(write(bad), "labels");
  bad = good;
  bad.extra["unheard"] = 1;
  EXPECT_ERROR(write(bad), "unheard");
  EXPECT_TRUE(io::list_directory(folder.path()).empty());
}

TEST(ModelFolderTest, TensorsMustBeThoseOfTheConfiguration) {
  const SmallFolder small;
  const WithoutSync without_sync;
  const auto save = [&](std::vector<NamedTensor> tensors) {
    io::remove_file(small.file(kTensorFile));
    write_safetensors(small.file(kTensorFile), tensors);
    ModelFolder::open(small.path());
  };
  std::vector<NamedTensor> good;
  for (const FloatTensor& tensor : small.tensors()) good.push_back(tensor.view());
  EXPECT_NO_THROW(save(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto missing = good;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_ERROR(save(missing), "model.safetensors: there is no tensor \"" + good[i].name);
    auto flat = good;
    flat[i].shape = {static_cast<std::int64_t>(flat[i].bytes.size() / 4), 1};
    EXPECT_ERROR(save(flat), "tensor \"" + good[i].name + "\" is [");
    auto integers = good;
    integers[i].dtype = "I32";
    EXPECT_ERROR(save(integers), "tensor \"" + good[i].name + "\" holds I32");
  }
  auto more = good;
  more.push_back(good[0]);
  more.back().name = "encoder.layer.1.extra";
  EXPECT_ERROR(save(more), "\"encoder.layer.1.extra\" has no place");
}

TEST(ModelFolderTest, DoublesAreReadAsWell) {
  const SmallFolder small;
  std::vector<std::vector<double>> values;
  std::vector<NamedTensor> tensors;
  for (const FloatTensor& tensor : small.tensors()) {
    values.emplace_back(tensor.values.begin(), tensor.values.end());
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const FloatTensor& tensor = small.tensors()[i];
    tensors.push_back(named_tensor(tensor.name, tensor.shape, std::span<const double>(values[i])));
  }
  write_safetensors(small.file(kTensorFile), tensors);
  const ModelFolder folder = ModelFolder::open(small.path());
  EXPECT_EQ(folder.tensors().floats("classifier.weight"),
            small.tensors()[small.tensors().size() - 2].values);
}

// A configuration may claim any size: nothing is made by it before the file has shown the bytes.
TEST(ModelFolderTest, AHostileConfigurationCannotAskForMemory) {
  const SmallFolder small;
  ModelConfig config = small_config();
  config.encoder.width = 65536;
  config.encoder.layers = 1000;
  config.encoder.feed_forward = 1048576;
  config.text.max_length = 16777216;
  config.vocabulary = INT32_MAX;
  io::write_file_atomically(small.file(kConfigFile), config::json_text(config_document(config)));
  EXPECT_ERROR(ModelFolder::open(small.path()), "embedding.word.weight");
}

TEST(ModelFolderTest, SaysWhatIsNotAModelFolder) {
  const TemporaryFolder folder;
  EXPECT_ERROR(ModelFolder::open(folder.file("none")), "no such model folder");
  EXPECT_ERROR(ModelFolder::open(folder.write("file", "x")), "is not a folder");
  EXPECT_ERROR(ModelFolder::open(folder.path()), "it has no config.json");
}

}  // namespace
}  // namespace fastformer::model
