// Files of word vectors.
#include <string>

#include "io/memory_files.h"
#include "target.h"
#include "text/word_vectors.h"

namespace fastformer::fuzz {

void run(std::string_view bytes) {
  MemoryFiles file(MemoryFiles::Content{{"input.vec", std::string(bytes)}});
  const io::ScopedOperations scope(&file);
  const text::WordVectors vectors =
      text::read_word_vectors("input.vec", {{"cat", 0}, {"dog", 1}, {"a b", 2}}, 3);
  promise(vectors.values.size() == 3 * vectors.ids.size());
  for (const std::int64_t id : vectors.ids) promise(id >= 0 && id < 3);
}

}  // namespace fastformer::fuzz
