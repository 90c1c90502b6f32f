// Use of a SentencePiece model.
#include "text/sentencepiece_tokenizer.h"

#include <fastformer/error.h>
#include <sentencepiece_processor.h>

#include <exception>
#include <utility>

#include "text/sentencepiece_check.h"
#include "text/sentencepiece_text.h"

namespace fastformer::text {
namespace {

class SentencePieceTokenizer : public Tokenizer {
 public:
  SentencePieceTokenizer(const TextOptions& options, std::string bytes, const std::string& where)
      : kind_(options.tokenizer), lowercase_(options.lowercase), bytes_(std::move(bytes)) {
    check_sentencepiece_model(bytes_, kind_, where);
    std::string reason;
    try {
      const auto status = processor_.LoadFromSerializedProto(bytes_);
      if (status.ok()) return;
      reason = status.ToString();
    } catch (const std::exception& error) {
      reason = error.what();
    }
    throw Error("this is no usable SentencePiece model: " + reason, where,
                "Take the file from the model's source again");
  }

  void encode(std::string_view text, std::vector<std::int32_t>& ids) const override {
    std::vector<int> found;
    for_each_sentence(prepare_for_pieces(text, lowercase_), [&](std::string_view sentence) {
      found.clear();
      const auto status = processor_.Encode(sentence, &found);
      if (!status.ok()) throw Error("the text cannot be cut into pieces: " + status.ToString());
      ids.insert(ids.end(), found.begin(), found.end());
    });
  }

  int size() const override { return processor_.GetPieceSize(); }
  TokenizerKind kind() const override { return kind_; }
  std::string file_name() const override { return tokenizer_file_name(kind_); }
  std::string serialize() const override { return bytes_; }

  std::string piece(std::int32_t id) const override {
    if (id < 0 || id >= size()) throw Error("there is no token with the id " + std::to_string(id));
    return processor_.IdToPiece(id);
  }

 private:
  TokenizerKind kind_;
  bool lowercase_;
  std::string bytes_;
  sentencepiece::SentencePieceProcessor processor_;
};

}  // namespace

std::unique_ptr<Tokenizer> load_sentencepiece_tokenizer(const TextOptions& options,
                                                        std::string bytes,
                                                        const std::string& where) {
  return std::make_unique<SentencePieceTokenizer>(options, std::move(bytes), where);
}

}  // namespace fastformer::text
