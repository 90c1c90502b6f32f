// Use of a SentencePiece model.
#include "text/sentencepiece_tokenizer.h"

#include <fastformer/error.h>
#include <sentencepiece_processor.h>

#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "base/memory_reserve.h"
#include "text/sentencepiece_check.h"
#include "text/sentencepiece_text.h"

namespace fastformer::text {
namespace {

// The library and protobuf, by which it reads models and hands pieces over, end the program where
// memory runs out inside them. Set aside is more than they were seen to take: 15 to 37 bytes for
// each of a model of Latin letters, 89 of one of 13,000 Chinese characters; 300 for each of a
// sentence.
std::size_t bytes_to_load(const std::string& model) { return 128 * model.size() + (1 << 16); }
constexpr std::size_t kBytesToEncode = 512 * kLongestSentence;

std::unique_ptr<const sentencepiece::SentencePieceProcessor> read_model(const std::string& bytes,
                                                                        const std::string& where) {
  const MemoryReserve reserve(bytes_to_load(bytes));
  auto processor = std::make_unique<sentencepiece::SentencePieceProcessor>();
  std::string reason;
  try {
    const auto status = processor->LoadFromSerializedProto(bytes);
    if (status.ok()) return processor;
    reason = status.ToString();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    reason = error.what();
  }
  throw Error("this is no usable SentencePiece model: " + reason, where,
              "Take the file from the model's source again");
}

class SentencePieceTokenizer : public Tokenizer {
 public:
  SentencePieceTokenizer(const TextOptions& options, std::string bytes, const std::string& where)
      : kind_(options.tokenizer), lowercase_(options.lowercase), bytes_(std::move(bytes)) {
    check_sentencepiece_model(bytes_, kind_, where);
    processor_ = read_model(bytes_, where);
  }

  void encode(std::string_view text, FoldMemory&, std::vector<std::int32_t>& ids) const override {
    std::vector<int> found;
    for_each_sentence(prepare_for_pieces(text, lowercase_), [&](std::string_view sentence) {
      pieces_of(sentence, found);
      ids.insert(ids.end(), found.begin(), found.end());
    });
  }

  int size() const override { return processor_->GetPieceSize(); }
  TokenizerKind kind() const override { return kind_; }
  std::string file_name() const override { return tokenizer_file_name(kind_); }
  std::string serialize() const override { return bytes_; }

  std::string piece(std::int32_t id) const override {
    if (id < 0 || id >= size()) throw Error("there is no token with the id " + std::to_string(id));
    return processor_->IdToPiece(id);
  }

 private:
  void pieces_of(std::string_view sentence, std::vector<int>& found) const {
    const MemoryReserve reserve(kBytesToEncode);
    found.clear();
    const auto status = processor_->Encode(sentence, &found);
    if (!status.ok()) throw Error("the text cannot be cut into pieces: " + status.ToString());
  }

  TokenizerKind kind_;
  bool lowercase_;
  std::string bytes_;
  std::unique_ptr<const sentencepiece::SentencePieceProcessor> processor_;
};

}  // namespace

std::unique_ptr<Tokenizer> load_sentencepiece_tokenizer(const TextOptions& options,
                                                        std::string bytes,
                                                        const std::string& where) {
  return std::make_unique<SentencePieceTokenizer>(options, std::move(bytes), where);
}

}  // namespace fastformer::text
