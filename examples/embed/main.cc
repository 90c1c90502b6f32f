// Opens a model folder and shows what it is: embed DIR [TEXT]
#include <fastformer/error.h>
#include <fastformer/model.h>
#include <fastformer/version.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: embed DIR [TEXT]\n");
    return 2;
  }
  try {
    const fastformer::Model model = fastformer::Model::open(argv[1]);
    std::printf("fastformer %s: %lld parameters, %zu labels\n", fastformer::library_version(),
                static_cast<long long>(model.parameters()), model.labels().size());
    if (argc > 2) {
      for (const std::int32_t id : model.token_ids(argv[2])) std::printf("%d ", id);
      std::printf("\n");
    }
  } catch (const fastformer::Error& error) {
    std::fprintf(stderr, "embed: %s\n", error.what());
    return 1;
  }
  return 0;
}
