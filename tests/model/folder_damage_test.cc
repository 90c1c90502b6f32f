// Every file of a model folder removed, cut, flipped and replaced: an Error or a model, never a
// crash.
#include <fastformer/model.h>

#include <cerrno>

#include "base/random.h"
#include "model/small_model.h"

namespace fastformer::model {
namespace {

const std::vector<std::string>& needed_files() {
  static const std::vector<std::string> names = {kConfigFile, kTensorFile, "vocabulary.txt"};
  return names;
}

// Not atomic and not synced: damage need not be durable. File systems flush a file that was emptied
// and written again, but not one that was removed first.
void overwrite(const std::string& path, const std::string& bytes) {
  io::remove_file(path);
  io::OutputFile file(path);
  file.write(bytes);
  file.close();
}

// Opens the folder and uses all that it holds; whether that worked.
bool opens(const std::string& path) {
  try {
    const Model model = Model::open(path);
    for (const std::int32_t id : model.token_ids("the fast former")) {
      EXPECT_GE(id, 0);
      EXPECT_LT(id, model.vocabulary());
    }
    const ModelFolder folder = ModelFolder::open(path);
    for (const TensorSpec& spec : tensors_of(folder.config())) folder.floats(spec.name);
    return true;
  } catch (const Error&) {
    return false;
  }
}

void check_cuts(const SmallFolder& small) {
  for (const std::string& name : needed_files()) {
    const std::string bytes = io::read_file(small.file(name));
    // The last byte of config.json is a line break, which nobody needs.
    const std::size_t end = bytes.size() - (name == kConfigFile ? 1 : 0);
    for (std::size_t size = 0; size < end; size += 1 + end / 150) {
      overwrite(small.file(name), bytes.substr(0, size));
      EXPECT_FALSE(opens(small.path())) << name << " " << size;
    }
    overwrite(small.file(name), bytes);
    EXPECT_TRUE(opens(small.path()));
  }
}

// As other programs write it: what is wrong with its numbers is met later, if at all.
void remove_seal(const SmallFolder& small) {
  const std::string path = small.file(kTensorFile);
  const SafetensorsFile file(path);
  std::vector<NamedTensor> tensors;
  for (const std::string& name : file.names()) {
    const TensorView& tensor = file.tensor(name);
    tensors.push_back({name, tensor.dtype, tensor.shape, tensor.bytes});
  }
  write_safetensors(small.file("unsealed"), tensors);
  io::rename_durably(small.file("unsealed"), path);
}

void check_flips(const SmallFolder& small) {
  for (const std::string& name : needed_files()) {
    const std::string bytes = io::read_file(small.file(name));
    Random random(5);
    for (int round = 0; round < 400; ++round) {
      std::string damaged = bytes;
      for (std::uint64_t flips = random.below(3) + 1; flips > 0; --flips) {
        damaged[random.below(damaged.size())] ^= static_cast<char>(random.below(255) + 1);
      }
      overwrite(small.file(name), damaged);
      opens(small.path());
    }
    overwrite(small.file(name), bytes);
  }
}

TEST(FolderDamageTest, ARemovedFileIsNamed) {
  for (const std::string& name : needed_files()) {
    const SmallFolder small;
    io::remove_file(small.file(name));
    EXPECT_ERROR(ModelFolder::open(small.path()), name);
    // Nor may a folder stand in its place.
    io::make_directory(small.file(name));
    EXPECT_FALSE(opens(small.path())) << name;
  }
}

TEST(FolderDamageTest, OnlyWhatPeopleReadMayBeMissing) {
  const SmallFolder small;
  io::remove_file(small.file(kCardFile));
  io::remove_file(small.file(kMetricsFile));
  EXPECT_TRUE(opens(small.path()));
  EXPECT_TRUE(ModelFolder::open(small.path()).metrics().is_null());
}

TEST(FolderDamageTest, EveryCutIsAnError) {
  for (const bool quantized : {false, true}) check_cuts(SmallFolder(quantized));
}

TEST(FolderDamageTest, FlippedBytesNeverCrash) {
  for (const bool quantized : {false, true}) {
    const SmallFolder small(quantized);
    check_flips(small);
    remove_seal(small);
    check_flips(small);
  }
}

TEST(FolderDamageTest, NoBitOfNumbersAndWordsMayBeAnother) {
  for (const char* name : {kTensorFile, "vocabulary.txt"}) {
    const SmallFolder small;
    const std::string bytes = io::read_file(small.file(name));
    const SafetensorsFile file(small.file(kTensorFile));
    std::size_t header = bytes.size();
    for (const std::string& tensor : file.names()) header -= file.tensor(tensor).bytes.size();
    const std::size_t begin = name == std::string(kTensorFile) ? header : 0;
    for (std::size_t at = begin; at < bytes.size(); at += 1 + bytes.size() / 100) {
      std::string damaged = bytes;
      damaged[at] ^= 1;
      overwrite(small.file(name), damaged);
      EXPECT_ERROR(ModelFolder::open(small.path()), "is damaged");
    }
  }
}

TEST(FolderDamageTest, FilesOfOtherKindsAreErrors) {
  const SmallFolder small;
  for (const std::string& name : needed_files()) {
    const std::string bytes = io::read_file(small.file(name));
    for (const std::string& other : needed_files()) {
      if (other == name) continue;
      overwrite(small.file(name), io::read_file(small.file(other)));
      EXPECT_FALSE(opens(small.path())) << other << " as " << name;
      overwrite(small.file(name), bytes);
    }
  }
}

TEST(FolderDamageTest, AMetricsFileIsCheckedWhenItIsRead) {
  const SmallFolder small;
  overwrite(small.file(kMetricsFile), "{");
  const ModelFolder folder = ModelFolder::open(small.path());
  EXPECT_ERROR(folder.metrics(), "metrics.json: is not valid JSON");
}

// Fails the n-th operation that can fail while a folder is written.
class FailingOperations : public io::Operations {
 public:
  explicit FailingOperations(int calls) : left_(calls) {}
  ssize_t write(int file, const void* bytes, std::size_t count) override {
    return fails() ? -1 : io::Operations::write(file, bytes, count);
  }
  int fsync(int) override { return fails() ? -1 : 0; }
  int rename(const std::string& from, const std::string& to) override {
    return fails() ? -1 : io::Operations::rename(from, to);
  }
  bool failed() const { return left_ < 0; }

 private:
  bool fails() {
    if (--left_ >= 0) return false;
    errno = ENOSPC;
    return true;
  }
  int left_;
};

TEST(FolderDamageTest, AFullDiskIsAnErrorAtEveryStep) {
  const auto tensors = random_tensors(small_config());
  const ModelParts parts = small_parts(tensors);
  bool failed = true;
  int calls = 0;
  for (; failed; ++calls) {
    const TemporaryFolder folder;
    FailingOperations failing(calls);
    const io::ScopedOperations scope(&failing);
    try {
      write_model_folder(folder.path(), parts);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("No space left"));
    }
    failed = failing.failed();
    // The configuration comes last: where it is, everything is.
    EXPECT_EQ(opens(folder.path()), io::exists(folder.file(kConfigFile))) << calls;
  }
  EXPECT_GT(calls, 10);
}

}  // namespace
}  // namespace fastformer::model
