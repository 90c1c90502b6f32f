// The wide branch's tensors in a file: read where they lie, at any byte, and trusted in nothing.
#include "model/wide_tensors.h"

#include <cstring>
#include <limits>
#include <optional>

#include "model/small_model.h"

namespace fastformer::model {
namespace {

constexpr std::size_t kColumns = 3;

text::NgramOptions few_buckets() {
  text::NgramOptions options;
  options.words = 2;
  options.word_bits = 10;
  options.character_bits = 8;
  return options;
}

// An odd number of features, so that what follows their weights in a file is not aligned.
WideTable random_table() {
  std::vector<std::uint32_t> buckets;
  std::vector<float> idf, spread, scales;
  Random random(3);
  for (std::uint32_t bucket = 0; bucket < few_buckets().buckets(); ++bucket) {
    if (bucket > 2 && random.below(3) == 0) continue;
    buckets.push_back(bucket);
    for (auto* values : {&idf, &spread, &scales}) {
      values->push_back(static_cast<float>(random.uniform()));
    }
  }
  if (buckets.size() % 2 == 0) {
    buckets.pop_back();
    for (auto* values : {&idf, &spread, &scales}) values->pop_back();
  }
  std::vector<std::int8_t> weights(buckets.size() * kColumns);
  for (std::int8_t& weight : weights) {
    weight = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
  }
  return {FeatureScaler(few_buckets(), std::move(buckets), std::move(idf), std::move(spread)),
          std::move(weights),
          std::move(scales),
          {0.5F, -1, 0}};
}

// A model folder with that table.
class WideFolder {
 public:
  WideFolder() : table_(random_table()), tensors_(random_tensors(small_config())) {
    io::make_directory(path());
    ModelParts parts = small_parts(tensors_);
    parts.config.wide.present = true;
    parts.config.wide.ngrams = few_buckets();
    parts.config.wide.features = static_cast<std::int64_t>(table_.scaler().features());
    parts.wide = &table_;
    write_model_folder(path(), parts);
  }

  const WideTable& table() const { return table_; }
  ModelFolder open() const { return ModelFolder::open(path()); }
  std::string tensor_file() const { return io::join_path(path(), kTensorFile); }

  // Writes the file with one element of a tensor changed and, as other programs write it, without a
  // seal, which would find that before the table is looked at.
  template <typename T>
  void write_with(const std::string& name, std::size_t at, T value) const {
    std::vector<NamedTensor> tensors;
    for (const FloatTensor& tensor : tensors_) tensors.push_back(tensor.view());
    append_tensors(table_, tensors);
    std::vector<std::byte> changed;
    for (NamedTensor& tensor : tensors) {
      if (tensor.name != name) continue;
      changed.assign(tensor.bytes.begin(), tensor.bytes.end());
      std::memcpy(changed.data() + at * sizeof(T), &value, sizeof(T));
      tensor.bytes = changed;
    }
    io::remove_file(tensor_file());
    write_safetensors(tensor_file(), tensors);
  }

  // Moves all tensors by that many bytes: blanks at the header's end.
  void skew(std::size_t bytes) const {
    std::string content = io::read_file(tensor_file());
    std::uint64_t length = 0;
    std::memcpy(&length, content.data(), sizeof(length));
    content.insert(sizeof(length) + length, bytes, ' ');
    length += bytes;
    std::memcpy(content.data(), &length, sizeof(length));
    io::write_file_atomically(tensor_file(), content);
  }

 private:
  std::string path() const { return place_.file("m"); }

  WithoutSync without_sync_;
  TemporaryFolder place_;
  WideTable table_;
  std::vector<FloatTensor> tensors_;
};

std::vector<float> scores_of(const WideTable& table) {
  return WideReader(table).scores("the fast former, and words of a text that nobody knows");
}

TEST(WideTensorsTest, NumbersAreReadWhereTheyLie) {
  const WideFolder small;
  const ModelFolder folder = small.open();
  const WideTable& table = *folder.wide();
  const auto place = [&](const char* name) { return folder.tensors().tensor(name).bytes.data(); };
  EXPECT_EQ(table.scaler().buckets().bytes().data(), place("wide.bucket"));
  EXPECT_EQ(table.scaler().idf().bytes().data(), place("wide.idf"));
  EXPECT_EQ(table.scaler().spread().bytes().data(), place("wide.spread"));
  EXPECT_EQ(table.weights().bytes().data(), place("wide.weight"));
  EXPECT_EQ(table.weight_scales().bytes().data(), place("wide.scale"));
  EXPECT_EQ(scores_of(table), scores_of(small.table()));
}

TEST(WideTensorsTest, TheyMayBeginAtAnyByte) {
  for (std::size_t bytes = 1; bytes < 8; ++bytes) {
    const WideFolder small;
    small.skew(bytes);
    const ModelFolder folder = small.open();
    EXPECT_TRUE(folder.wide()->scaler().idf() == small.table().scaler().idf());
    EXPECT_TRUE(folder.wide()->weight_scales() == small.table().weight_scales());
    EXPECT_EQ(scores_of(*folder.wide()), scores_of(small.table()));
  }
}

TEST(WideTensorsTest, CopiesOutliveATableInMemory) {
  std::optional<WideTable> first = random_table();
  const std::vector<float> scores = scores_of(*first);
  const WideTable copy = *first;
  const FeatureScaler scaler = first->scaler();
  first.reset();
  EXPECT_EQ(scores_of(copy), scores);
  EXPECT_EQ(scaler.buckets().size(), scaler.features());
}

TEST(WideTensorsTest, EveryFloatIsLookedAt) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float not_finite[] = {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(),
                              -std::numeric_limits<float>::signaling_NaN()};
  const WideFolder small;
  const std::size_t features = small.table().scaler().features();
  for (const char* name : {"wide.idf", "wide.spread", "wide.scale", "wide.bias"}) {
    const bool is_bias = std::string_view(name) == "wide.bias";
    for (const std::size_t at : {std::size_t{0}, (is_bias ? kColumns : features) - 1}) {
      for (const float bad : not_finite) {
        small.write_with(name, at, bad);
        EXPECT_ERROR(small.open(), small.tensor_file() + ": tensor \"" + name + "\" holds a");
      }
      small.write_with(name, at, -std::numeric_limits<float>::denorm_min());
      if (is_bias) {
        EXPECT_TRUE(small.open().wide());
      } else {
        EXPECT_ERROR(small.open(), "below 0");
      }
      for (const float good : {-0.0F, 0.0F, std::numeric_limits<float>::max()}) {
        small.write_with(name, at, good);
        EXPECT_TRUE(small.open().wide());
      }
    }
  }
}

TEST(WideTensorsTest, BucketsOutOfOrderOrRangeNameTheFile) {
  const WideFolder small;
  const FeatureScaler& scaler = small.table().scaler();
  const std::size_t last = scaler.features() - 1;
  const std::string expected =
      small.tensor_file() + ": the wide branch's buckets are not in ascending";
  for (std::size_t at = 0; at < last; at += 41) {
    for (const std::uint32_t bucket :
         {scaler.buckets()[at + 1], few_buckets().buckets(), UINT32_MAX, UINT32_MAX / 2 + 1}) {
      small.write_with("wide.bucket", at, bucket);
      EXPECT_ERROR(small.open(), expected);
    }
  }
  for (const std::uint32_t bucket :
       {scaler.buckets()[last - 1], std::uint32_t{0}, few_buckets().buckets(), UINT32_MAX}) {
    small.write_with("wide.bucket", last, bucket);
    EXPECT_ERROR(small.open(), expected);
  }
}

TEST(BucketPlacesTest, AreThoseOfASearch) {
  Random random(7);
  for (const std::uint32_t buckets : {1, 31, 32, 33, 320, 1000}) {
    for (const std::uint64_t share : {0, 1, 50, 99, 100}) {
      std::vector<std::uint32_t> kept;
      for (std::uint32_t bucket = 0; bucket < buckets; ++bucket) {
        if (random.below(100) < share) kept.push_back(bucket);
      }
      const BucketPlaces places(NumberView<std::uint32_t>(kept), buckets);
      for (std::uint32_t bucket = 0; bucket < buckets; ++bucket) {
        const auto at = std::lower_bound(kept.begin(), kept.end(), bucket);
        const bool is_kept = at != kept.end() && *at == bucket;
        EXPECT_EQ(places.of(bucket),
                  is_kept ? static_cast<std::uint32_t>(at - kept.begin()) : BucketPlaces::kAbsent);
      }
    }
  }
}

}  // namespace
}  // namespace fastformer::model
