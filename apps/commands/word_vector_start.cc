// From a file of vectors to rows of the word table.
#include "commands/word_vector_start.h"

#include <fastformer/error.h>

#include "base/log.h"
#include "base/strings.h"
#include "io/files.h"
#include "text/vocabulary.h"
#include "text/word_vectors.h"

namespace fastformer::apps {
namespace {

constexpr char kFlag[] = "--word-vectors";

// What to do about vectors of this width: heads must divide it.
std::string advice(std::int64_t width, const model::EncoderOptions& encoder) {
  std::int64_t heads = encoder.heads;
  while (heads > 1 && width % heads != 0) --heads;
  return "Use vectors of that width, or --width " + std::to_string(width) +
         (heads == encoder.heads ? "" : " --heads " + std::to_string(heads));
}

text::WordVectors read(const std::string& path,
                       const std::unordered_map<std::string, std::int64_t>& wanted,
                       const model::EncoderOptions& encoder) try {
  return text::read_word_vectors(path, wanted, encoder.width);
} catch (const text::OtherWidth& other) {
  throw Error(other.what(), "", advice(other.found(), encoder));
}

void tell(const text::WordVectors& vectors, const std::string& path, std::size_t wanted) {
  if (vectors.promised > vectors.words) {
    log_warning(path + " promises " + format_count(vectors.promised) + " vectors and holds " +
                format_count(vectors.words) + ": it may be cut off");
  }
  const std::size_t found = vectors.ids.size();
  const double share = 100 * static_cast<double>(found) / static_cast<double>(wanted);
  log_info("word vectors: " + format_count(vectors.words) + " in " + path + ", of " +
           format_count(static_cast<std::int64_t>(found)) + " of the model's " +
           format_count(static_cast<std::int64_t>(wanted)) + " words (" + format_fixed(share, 1) +
           " %)");
}

}  // namespace

void check_word_vectors(const std::string& path) {
  if (path.empty() || path == "-") return;
  const io::FileStatus status = io::status_of(path);
  // Their bytes are hashed before they are read.
  if (status.exists && !status.is_regular) {
    throw Error("\"" + printable(path, 1000) + "\" is not a regular file", kFlag);
  }
  if (status.exists) return;
  throw Error("there is no file \"" + printable(path, 1000) + "\"", kFlag);
}

void start_from_word_vectors(const std::string& path, const text::Tokenizer& tokenizer,
                             const model::EncoderOptions& encoder, bool tells,
                             learn::Parameters& parameters) {
  if (!text::is_of_words(tokenizer.kind())) {
    throw usage_error("the model's tokens are no words", kFlag, "Use --tokenizer word");
  }
  std::unordered_map<std::string, std::int64_t> wanted;
  for (std::int32_t id = text::Vocabulary::kUnknown + 1; id < tokenizer.size(); ++id) {
    wanted.emplace(tokenizer.piece(id), id);
  }
  const at::Tensor& table = parameters.at("embedding.word.weight");
  const text::WordVectors vectors = read(path, wanted, encoder);
  const auto found = static_cast<std::int64_t>(vectors.ids.size());
  if (found == 0) {
    throw Error("has vectors of none of the " + format_count(table.size(0)) + " words", path);
  }
  if (tells) tell(vectors, path, wanted.size());
  const at::NoGradGuard no_gradients;
  const at::Tensor rows = at::tensor(vectors.values).view({found, table.size(1)});
  table.index_copy_(0, at::tensor(vectors.ids, at::kLong).to(table.device()),
                    rows.to(table.options()));
}

}  // namespace fastformer::apps
