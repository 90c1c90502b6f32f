// The C API over TextClassifier: errors become messages of the thread.
#include <fastformer/c_api.h>
#include <fastformer/error.h>
#include <fastformer/text_classifier.h>
#include <fastformer/version.h>

#include <algorithm>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/utf8.h"

struct fastformer_classifier {
  fastformer::TextClassifier classifier;
};

namespace {

// Memory may be what there is too little of: an array, whose end at the thread's needs none either.
thread_local char last_error[2000] = "";

void keep_error(std::string_view message) noexcept {
  const std::size_t kept = fastformer::text::character_boundary(
      message, std::min(message.size(), sizeof(last_error) - 1));
  std::copy_n(message.data(), kept, last_error);
  last_error[kept] = '\0';
}

// body(), or `failed` with a message for the thread.
template <typename Result, typename Body>
Result guarded(Result failed, const Body& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    keep_error("out of memory");
  } catch (const std::exception& error) {
    keep_error(error.what());
  } catch (...) {
    keep_error("unknown error");
  }
  return failed;
}

fastformer::TextClassifier::Numbers numbers_named(int numbers) {
  using Numbers = fastformer::TextClassifier::Numbers;
  switch (numbers) {
    case FASTFORMER_NUMBERS_OF_MODEL:
      return Numbers::kModel;
    case FASTFORMER_BFLOAT16:
      return Numbers::kBfloat16;
    case FASTFORMER_FLOAT32:
      return Numbers::kFloat32;
    case FASTFORMER_INT8:
      return Numbers::kInt8;
    default:
      throw fastformer::Error(std::to_string(numbers) + " is none of fastformer_numbers");
  }
}

// write(room for a text's scores), or -1.
template <typename Write>
int write_scores(const fastformer_classifier* input, double* scores, const Write& write) noexcept {
  return guarded(-1, [&] {
    if (!input) throw fastformer::Error("the classifier is NULL");
    if (!scores) throw fastformer::Error("the scores are NULL");
    write(std::span(scores, input->classifier.labels().size()));
    return 0;
  });
}

}  // namespace

extern "C" {

const char* fastformer_version(void) { return fastformer::library_version(); }

const char* fastformer_last_error(void) { return last_error; }

fastformer_classifier* fastformer_open(const char* folder, int numbers) {
  return guarded(static_cast<fastformer_classifier*>(nullptr), [&] {
    if (!folder) throw fastformer::Error("the folder is NULL");
    return new fastformer_classifier{
        fastformer::TextClassifier::open(folder, numbers_named(numbers))};
  });
}

void fastformer_close(fastformer_classifier* classifier) { delete classifier; }

size_t fastformer_label_count(const fastformer_classifier* classifier) {
  return classifier ? classifier->classifier.labels().size() : 0;
}

const char* fastformer_label(const fastformer_classifier* classifier, size_t label) {
  if (label >= fastformer_label_count(classifier)) return nullptr;
  return classifier->classifier.labels()[label].c_str();
}

int fastformer_gives_several_labels(const fastformer_classifier* classifier) {
  return classifier && classifier->classifier.gives_several_labels() ? 1 : 0;
}

double fastformer_threshold(const fastformer_classifier* classifier, size_t label) {
  return guarded(-1.0, [&] {
    if (!classifier) throw fastformer::Error("the classifier is NULL");
    return classifier->classifier.threshold(label);
  });
}

int fastformer_scores(const fastformer_classifier* classifier, const char* text, size_t length,
                      double* scores) {
  return write_scores(classifier, scores, [&](std::span<double> to) {
    if (!text && length > 0) throw fastformer::Error("the text is NULL");
    classifier->classifier.scores(std::string_view(text, length), to);
  });
}

int fastformer_scores_of_all(const fastformer_classifier* classifier, const char* const* texts,
                             const size_t* lengths, size_t count, int threads, double* scores) {
  return guarded(-1, [&] {
    if (!classifier) throw fastformer::Error("the classifier is NULL");
    if ((!texts || !lengths) && count > 0) throw fastformer::Error("the texts are NULL");
    std::vector<std::string_view> views;
    views.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      if (!texts[i] && lengths[i] > 0) throw fastformer::Error("a text is NULL");
      views.emplace_back(texts[i], lengths[i]);
    }
    const std::vector<double> found = classifier->classifier.scores_of_all(views, threads);
    if (!scores && !found.empty()) throw fastformer::Error("the scores are NULL");
    std::copy(found.begin(), found.end(), scores);
    return 0;
  });
}

int fastformer_scores_of_ids(const fastformer_classifier* classifier, const int32_t* ids,
                             size_t count, double* scores) {
  return write_scores(classifier, scores, [&](std::span<double> to) {
    if (!ids && count > 0) throw fastformer::Error("the ids are NULL");
    classifier->classifier.scores_of_ids({ids, count}, to);
  });
}

}  // extern "C"
