// Making and reading of token stores.
#include "commands/token_store.h"

#include <fastformer/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "config/json_text.h"

namespace fastformer::apps {
namespace {

constexpr char kLayout[] = "tokens 1 ";
constexpr std::size_t kFewestBytes = 100'000;

config::Json json_of(text::TextOptions options) {
  config::OptionSet set;
  options.describe(set);
  return set.to_json();
}

// What the ids follow from; nothing where the program cannot be told from others.
std::optional<std::string> key_of(const TokenSource& source, const text::TextOptions& options,
                                  const text::Tokenizer* given) try {
  Digest key;
  key.add_values(std::span<const std::uint64_t>(&source.fingerprint, 1));
  key.add(config::json_text(json_of(options)) + kLayout + io::program_stamp());
  if (given) key.add(given->serialize());
  return "tokens-" + key.hex();
} catch (const Error&) {
  return {};
}

std::int64_t write_documents(
    io::PartFileWriter& file, const std::string& name, const text::Pipeline& pipeline,
    const std::function<std::int64_t(const text::Pipeline&, const TakeIds&)>& documents) {
  std::vector<std::uint64_t> ends;
  std::uint64_t tokens = 0;
  file.begin(name + ".ids");
  const std::int64_t truncated = documents(pipeline, [&](std::span<const std::int32_t> ids) {
    file.write_values(ids);
    ends.push_back(tokens += ids.size());
  });
  file.add(name + ".ends", std::span<const std::uint64_t>(ends));
  return truncated;
}

TokenStore read(std::shared_ptr<const io::PartFile> file, text::TextOptions& options) {
  TokenStore store;
  config::OptionSet set;
  text::TextOptions settled;
  settled.describe(set);
  set.apply_json(config::Json::parse(file->bytes("options")), config::Source::kFile, file->path());
  store.tokenizer =
      text::load_tokenizer(settled, std::string(file->bytes("tokenizer")), file->path());
  const auto truncated = file->values<std::int64_t>("truncated");
  file->check(truncated.size() == 2);
  store.truncated_train = truncated[0];
  store.truncated_valid = truncated[1];
  for (const char* const part : {"train.ids", "valid.ids"}) {
    for (const std::int32_t id : file->values<std::int32_t>(part)) {
      if (id < 0 || id >= store.tokenizer->size()) throw Error("has an unknown id", file->path());
    }
  }
  store.train = data::Documents(file, "train");
  store.valid = data::Documents(file, "valid");
  options = settled;
  return store;
}

}  // namespace

void encode_in_blocks(const text::Pipeline& pipeline, std::span<const std::string_view> texts,
                      const data::RowStore& store, const text::PlaceOf& place_of,
                      const ParallelFor& threads,
                      const std::function<void(text::Document&)>& take) {
  constexpr std::size_t kBlock = 4096;
  for (std::size_t first = 0; first < texts.size(); first += kBlock) {
    const auto block = texts.subspan(first, std::min(kBlock, texts.size() - first));
    const auto place_in_block = [&](std::size_t i) { return place_of(first + i); };
    for (text::Document& document :
         pipeline.encode_all(block, threads, place_of ? place_in_block : text::PlaceOf())) {
      take(document);
    }
    store.release();
  }
}

TokenStore stored_tokens(const TokenSource& source, text::TextOptions& options,
                         const text::Tokenizer* given, const io::CacheFolder& cache) {
  const bool is_worth_it = source.text_bytes >= kFewestBytes && cache.keeps();
  const auto key = is_worth_it ? key_of(source, options, given) : std::nullopt;
  const std::string name = key.value_or("tokens");
  if (auto found = key ? cache.find(name) : nullptr) {
    try {
      return read(std::move(found), options);
    } catch (const std::exception&) {
      // Made by another build of this version: it is made anew.
    }
  }
  const std::shared_ptr<const text::Tokenizer> tokenizer = source.tokenizer();
  const text::Pipeline pipeline(options, tokenizer);
  const auto write = [&](io::PartFileWriter& file) {
    const std::int64_t truncated[] = {write_documents(file, "train", pipeline, source.train),
                                      write_documents(file, "valid", pipeline, source.valid)};
    file.add("truncated", std::span<const std::int64_t>(truncated));
    file.add("tokenizer", std::string_view(tokenizer->serialize()));
    file.add("options", std::string_view(config::json_text(json_of(options))));
    return true;
  };
  TokenStore store = read(cache.make(name, write, key.has_value()), options);
  store.tokenizer = tokenizer;
  return store;
}

}  // namespace fastformer::apps
