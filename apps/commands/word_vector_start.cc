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
                             learn::Parameters& parameters) {
  if (!text::is_of_words(tokenizer.kind())) {
    throw usage_error("the model's tokens are no words", kFlag, "Use --tokenizer word");
  }
  std::unordered_map<std::string, std::int64_t> wanted;
  for (std::int32_t id = text::Vocabulary::kUnknown + 1; id < tokenizer.size(); ++id) {
    wanted.emplace(tokenizer.piece(id), id);
  }
  const at::Tensor& table = parameters.at("embedding.word.weight");
  const text::WordVectors vectors = text::read_word_vectors(path, wanted, table.size(1));
  const auto found = static_cast<std::int64_t>(vectors.ids.size());
  if (found == 0) {
    throw Error("has vectors of none of the " + format_count(table.size(0)) + " words", path);
  }
  if (vectors.promised > vectors.words) {
    log_warning(path + " promises " + format_count(vectors.promised) + " vectors and holds " +
                format_count(vectors.words) + ": it may be cut off");
  }
  const at::NoGradGuard no_gradients;
  const at::Tensor rows = at::tensor(vectors.values).view({found, table.size(1)});
  table.index_copy_(0, at::tensor(vectors.ids, at::kLong).to(table.device()),
                    rows.to(table.options()));
  log_info(
      "word vectors: " + format_count(vectors.words) + " in " + path + ", of " +
      format_count(found) + " of the model's " +
      format_count(static_cast<std::int64_t>(wanted.size())) + " words (" +
      format_fixed(100.0 * static_cast<double>(found) / static_cast<double>(wanted.size()), 1) +
      " %)");
}

}  // namespace fastformer::apps
