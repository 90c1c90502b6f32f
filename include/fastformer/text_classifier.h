// A trained classifier for use: from text to the probabilities of its labels.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fastformer {

// Const functions may be called from several threads at once, and give the same bits whoever else
// is calling. Moving is cheap; a classifier that was moved from can only be assigned to or
// destroyed.
class TextClassifier {
 public:
  // The numbers that the encoder multiplies: bfloat16 is less exact, whole numbers of 8 bits are
  // less so again, and each is faster where the processor has instructions for it. kModel: those
  // that the model was made for, kInt8 if `fastformer quantize` made it, else kFloat32.
  enum class Numbers { kModel, kFloat32, kBfloat16, kInt8 };

  // Opens the model folder `folder`, which must stay unchanged while the classifier lives. Throws
  // an Error that names the file when the folder is missing, damaged, or made by a newer version.
  // This and all that follows throws std::bad_alloc when memory runs out, and leaves nothing
  // behind.
  static TextClassifier open(const std::string& folder, Numbers numbers = Numbers::kModel);

  ~TextClassifier();
  TextClassifier(TextClassifier&& other) noexcept;
  TextClassifier& operator=(TextClassifier&& other) noexcept;

  // Names of the classes, in the order of the scores. At least one.
  const std::vector<std::string>& labels() const;
  // Whether a document may have several labels, or none: then each score is a probability by
  // itself; else all of them sum to 1.
  bool gives_several_labels() const;
  // The score from which on a label is given, where a document may have several.
  double threshold(std::size_t label) const;

  // Scores [labels] of a document in UTF-8, which is repaired where it is not valid. Throws an
  // Error when the model has no tokenizer, and on a document that is too long when the model
  // refuses such documents.
  std::vector<double> scores(std::string_view text) const;
  // The same into `scores` [labels]; another size is an Error. After a few calls this takes no
  // memory, but for a text that needs more of it than any before, and as often as more threads call
  // at the same time than ever before: what calls need is kept until the classifier is destroyed,
  // but for texts of a megabyte and more.
  // (SentencePiece, where the model's tokens are its pieces, takes memory with each call.)
  void scores(std::string_view text, std::span<double> scores) const;
  // Scores [texts, labels], row-major, of many documents, each the same bits as alone, on that many
  // threads, which begin anew with every call; 0 or less: all that the process may use. Long
  // documents are shared out too. All texts are worked on at once: hand over millions in parts.
  // Throws an Error as scores() does, which says which document is too long, from 1 on, and where
  // the system refuses threads.
  std::vector<double> scores_of_all(std::span<const std::string_view> texts, int threads = 0) const;
  // Scores of the encoder alone, from token ids. Throws an Error for ids that the model does not
  // have and for more of them than it takes.
  std::vector<double> scores_of_ids(std::span<const std::int32_t> ids) const;
  // The same into `scores` [labels], with memory as above.
  void scores_of_ids(std::span<const std::int32_t> ids, std::span<double> scores) const;

 private:
  struct Content;
  explicit TextClassifier(std::unique_ptr<const Content> content);

  std::unique_ptr<const Content> content_;
};

}  // namespace fastformer
