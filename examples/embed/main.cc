// Opens a model folder and shows what it is, or labels a text: embed DIR [TEXT]
#include <fastformer/error.h>
#include <fastformer/model.h>
#include <fastformer/text_classifier.h>
#include <fastformer/version.h>

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace {

void describe(const std::string& folder) {
  const fastformer::Model model = fastformer::Model::open(folder);
  std::printf("fastformer %s: %lld parameters, %zu labels\n", fastformer::library_version(),
              static_cast<long long>(model.parameters()), model.labels().size());
}

// Every label with its probability.
void classify(const std::string& folder, const std::string& text) {
  const auto classifier = fastformer::TextClassifier::open(folder);
  const std::vector<double> scores = classifier.scores(text);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    std::printf("%.4f  %s\n", scores[i], classifier.labels()[i].c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: embed DIR [TEXT]\n");
    return 2;
  }
  try {
    if (argc == 2) describe(argv[1]);
    if (argc == 3) classify(argv[1], argv[2]);
  } catch (const fastformer::Error& error) {
    std::fprintf(stderr, "embed: %s\n", error.what());
    return 1;
  }
  return 0;
}
