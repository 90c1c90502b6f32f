/* Fastformer from C and from what can call C: a trained classifier, from text to scores.
 *
 * A function that can fail returns NULL or a number below 0 and leaves a message for the thread in
 * fastformer_last_error(). Texts are UTF-8. A classifier may be used from several threads at once.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fastformer_classifier fastformer_classifier;

/* "MAJOR.MINOR.PATCH" of the library. */
const char* fastformer_version(void);
/* What went wrong last on this thread, "" at first; until the next call on the thread. */
const char* fastformer_last_error(void);

/* The numbers that the encoder multiplies; fewer bits are less exact and faster where the processor
 * has instructions for them. */
enum fastformer_numbers {
  FASTFORMER_NUMBERS_OF_MODEL = 0, /* those that the model was made for */
  FASTFORMER_BFLOAT16 = 1,
  FASTFORMER_FLOAT32 = 2,
  FASTFORMER_INT8 = 3
};

/* Opens a model folder, which must stay unchanged until it is closed, `numbers` being one of
 * fastformer_numbers; NULL on failure. To be closed with fastformer_close, which takes NULL too. */
fastformer_classifier* fastformer_open(const char* folder, int numbers);
void fastformer_close(fastformer_classifier* classifier);

/* Number of labels, and the name of one; NULL for a number that is none. */
size_t fastformer_label_count(const fastformer_classifier* classifier);
const char* fastformer_label(const fastformer_classifier* classifier, size_t label);
/* 1 where a document may have several labels or none (each score is a probability by itself), 0
 * where it has one (scores sum to 1). */
int fastformer_gives_several_labels(const fastformer_classifier* classifier);
/* The score from which on a label is given, where there may be several; below 0 on failure. */
double fastformer_threshold(const fastformer_classifier* classifier, size_t label);

/* Writes fastformer_label_count scores of a text of `length` bytes; 0, or below 0 on failure. After
 * a few calls this and fastformer_scores_of_ids take no memory but for texts that need more of it
 * than any before, or where more threads call at once; SentencePiece takes some with each call.
 * Memory is kept until the classifier is closed, but for texts of a megabyte and more. */
int fastformer_scores(const fastformer_classifier* classifier, const char* text, size_t length,
                      double* scores);
/* Writes the scores of `count` texts of `lengths` bytes, count * fastformer_label_count in all, one
 * text's after the other's, each as alone; on that many threads, 0: all that the process may use.
 * 0, or below 0 on failure. */
int fastformer_scores_of_all(const fastformer_classifier* classifier, const char* const* texts,
                             const size_t* lengths, size_t count, int threads, double* scores);
/* Writes fastformer_label_count scores of one text's token ids, by the encoder alone; 0, or below 0
 * on failure. */
int fastformer_scores_of_ids(const fastformer_classifier* classifier, const int32_t* ids,
                             size_t count, double* scores);

#ifdef __cplusplus
}
#endif
