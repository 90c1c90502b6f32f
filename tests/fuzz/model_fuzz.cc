// Whole model folders: a line "----" parts config.json from the vocabulary, and that from the
// tensors.
#include <fastformer/text_classifier.h>

#include <string>

#include "io/memory_files.h"
#include "target.h"

namespace fastformer::fuzz {

void run(std::string_view bytes) {
  constexpr std::string_view kBetween = "\n----\n";
  const std::size_t first = bytes.find(kBetween);
  if (first == bytes.npos) return;
  const std::string_view rest = bytes.substr(first + kBetween.size());
  const std::size_t second = rest.find(kBetween);
  if (second == rest.npos) return;
  const std::string_view vocabulary = rest.substr(0, second + 1);  // of lines
  MemoryFiles files(
      {{"model/config.json", std::string(bytes.substr(0, first))},
       {"model/vocabulary.txt", std::string(vocabulary)},
       {"model/sentencepiece.model", std::string(rest.substr(0, second))},
       {"model/model.safetensors", std::string(rest.substr(second + kBetween.size()))}});
  const io::ScopedOperations scope(&files);
  const TextClassifier classifier = TextClassifier::open("model");
  const std::size_t labels = classifier.labels().size();
  promise(classifier.scores(vocabulary).size() == labels);
  promise(classifier.scores("").size() == labels);
}

}  // namespace fastformer::fuzz
