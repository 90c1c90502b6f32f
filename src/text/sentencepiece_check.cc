// A reader of the wire format of protocol buffers, as far as a SentencePiece model uses it.
#include "text/sentencepiece_check.h"

#include <fastformer/error.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "text/utf8.h"

namespace fastformer::text {
namespace {

constexpr std::size_t kLargestModel = std::size_t{1} << 28;  // bytes

// Numbers of fields in sentencepiece_model.proto.
enum ModelField {
  kPieces = 1,
  kTrainerSpec = 2,
  kNormalizerSpec = 3,
  kSelfTest = 4,
  kDenormalizer
};
enum PieceField { kText = 1, kScore = 2, kType = 3 };
constexpr std::uint64_t kVocabularySize = 4;       // of TrainerSpec
constexpr std::uint64_t kModelType = 3;            // of TrainerSpec
constexpr std::uint64_t kByteFallback = 35;        // of TrainerSpec
constexpr std::uint64_t kPrecompiledCharsMap = 2;  // of NormalizerSpec
constexpr std::uint64_t kAddDummyPrefix = 3;       // of NormalizerSpec
constexpr std::uint64_t kRemoveExtraBlanks = 4;    // of NormalizerSpec
constexpr std::uint64_t kNormalPiece = 1;          // of SentencePiece.Type
constexpr std::uint64_t kUnknownPiece = 2;         // of SentencePiece.Type

enum class Wire : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct Field {
  std::uint64_t number;
  Wire wire;
  std::uint64_t value = 0;  // of a varint or fixed field
  std::string_view bytes;
};

class Checker {
 public:
  Checker(TokenizerKind kind, const std::string& where)
      : model_type_(kind == TokenizerKind::kUnigram ? 1 : 2), where_(where) {}

  void check_model(std::string_view bytes) {
    if (bytes.size() > kLargestModel) fail("it is larger than 256 MiB");
    std::uint64_t pieces = 0;
    for (Field field; next(bytes, field);) {
      if (field.number == kPieces) {
        check_piece(message(field), pieces++);
      } else if (field.number == kTrainerSpec) {
        check_trainer(message(field));
      } else if (field.number == kNormalizerSpec) {
        check_normalizer(message(field));
      } else if (field.number == kSelfTest || field.number == kDenormalizer) {
        fail("it holds self-tests or rules for decoding");
      }
    }
    if (found_type_ != model_type_) fail("it is of another type than the configuration says");
    if (pieces < 2 || found_size_ != pieces) fail("it has not as many pieces as it says");
    if (!has_normalizer_) fail("it is cut short");
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw Error("this is no usable SentencePiece model: " + reason, where_,
                "Take the file from the model's source again");
  }

  std::string_view message(const Field& field) const {
    if (field.wire != Wire::kBytes) fail("a field has the wrong type");
    return field.bytes;
  }

  std::uint64_t number(const Field& field, Wire wire) const {
    if (field.wire != wire) fail("a field has the wrong type");
    return field.value;
  }

  std::uint64_t varint(std::string_view& bytes) const {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes.empty()) fail("it is cut short");
      const auto byte = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    fail("a number is too long");
  }

  std::uint64_t fixed(std::string_view& bytes, std::size_t width) const {
    if (bytes.size() < width) fail("it is cut short");
    std::uint64_t value = 0;
    for (std::size_t i = width; i-- > 0;) {
      value = value << 8 | static_cast<unsigned char>(bytes[i]);
    }
    bytes.remove_prefix(width);
    return value;
  }

  // Takes a field off the front of `bytes`; false at the end.
  bool next(std::string_view& bytes, Field& field) const {
    if (bytes.empty()) return false;
    const std::uint64_t key = varint(bytes);
    field = {key >> 3, static_cast<Wire>(key & 7), 0, {}};
    if (field.number == 0) fail("a field has no number");
    switch (field.wire) {
      case Wire::kVarint:
        field.value = varint(bytes);
        return true;
      case Wire::kFixed64:
        field.value = fixed(bytes, 8);
        return true;
      case Wire::kFixed32:
        field.value = fixed(bytes, 4);
        return true;
      case Wire::kBytes: {
        const std::uint64_t length = varint(bytes);
        if (length > bytes.size()) fail("it is cut short");
        field.bytes = bytes.substr(0, length);
        bytes.remove_prefix(length);
        return true;
      }
    }
    fail("a field has an unknown type");
  }

  void check_piece(std::string_view bytes, std::uint64_t index) const {
    std::string_view text;
    std::uint64_t type = kNormalPiece;
    for (Field field; next(bytes, field);) {
      if (field.number == kText) text = message(field);
      if (field.number == kType) type = number(field, Wire::kVarint);
      if (field.number == kScore) {
        const auto bits = static_cast<std::uint32_t>(number(field, Wire::kFixed32));
        float score;
        std::memcpy(&score, &bits, sizeof(score));
        if (!std::isfinite(score)) fail("a score is not a number");
      }
    }
    if (type != (index == 0 ? kUnknownPiece : kNormalPiece)) {
      fail("its pieces are not the unknown one and then ordinary ones");
    }
    if (text.empty() || !is_valid_utf8(text)) fail("a piece is not UTF-8");
    for (const char c : text) {
      if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) {
        fail("a piece holds a blank or a control character");
      }
    }
  }

  void check_trainer(std::string_view bytes) {
    for (Field field; next(bytes, field);) {
      if (field.number == kModelType) found_type_ = number(field, Wire::kVarint);
      if (field.number == kVocabularySize) found_size_ = number(field, Wire::kVarint);
      if (field.number == kByteFallback && number(field, Wire::kVarint) != 0) {
        fail("it falls back to bytes");
      }
    }
  }

  // Blanks must be left as prepare_for_pieces sets them.
  void check_normalizer(std::string_view bytes) {
    bool adds_prefix = true;
    bool removes_blanks = true;
    for (Field field; next(bytes, field);) {
      if (field.number == kPrecompiledCharsMap && !message(field).empty()) {
        fail("it holds compiled normalization rules");
      }
      if (field.number == kAddDummyPrefix) adds_prefix = number(field, Wire::kVarint) != 0;
      if (field.number == kRemoveExtraBlanks) removes_blanks = number(field, Wire::kVarint) != 0;
    }
    if (adds_prefix || removes_blanks) fail("it treats blanks in another way");
    has_normalizer_ = true;
  }

  std::uint64_t model_type_;  // of TrainerSpec: 1 unigram, 2 byte pairs
  std::uint64_t found_type_ = 0;
  std::uint64_t found_size_ = 0;
  bool has_normalizer_ = false;
  const std::string& where_;
};

}  // namespace

void check_sentencepiece_model(std::string_view bytes, TokenizerKind kind,
                               const std::string& where) {
  Checker(kind, where).check_model(bytes);
}

}  // namespace fastformer::text
