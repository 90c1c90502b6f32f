// SentencePiece: repeatable training, lossless pieces, linear time, and no trust in model files.
#include <gtest/gtest.h>

#include "base/strings.h"
#include "temporary_folder.h"
#include "text/random_bytes.h"
#include "text/sentencepiece_text.h"
#include "text/tokenizer.h"

namespace fastformer::text {
namespace {

std::vector<std::int32_t> encode(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::int32_t> ids;
  tokenizer.encode(text, ids);
  return ids;
}

// Sentences over a small language: words of a few syllables, some of them frequent.
std::vector<std::string> language(bool spaces) {
  Random random(10);
  std::vector<std::string> words(120);
  for (std::string& word : words) {
    for (std::uint64_t k = 1 + random.below(3); k > 0; --k) {
      if (spaces) {
        word += "ptkmnls"[random.below(7)];
        word += "aeiou"[random.below(5)];
      } else {
        append_utf8(word, 0x4e00 + static_cast<std::int32_t>(random.below(60)));
      }
    }
  }
  std::vector<std::string> documents(200);
  for (std::string& document : documents) {
    for (int k = 0; k < 30; ++k) {
      const double skew = random.uniform();
      document += words[static_cast<std::size_t>(120 * skew * skew)];
      if (spaces) document += ' ';
    }
  }
  return documents;
}

TextOptions options_of(TokenizerKind kind) {
  TextOptions options;
  options.tokenizer = kind;
  options.vocabulary_size = 150;
  return options;
}

class SentencePieceTest : public testing::TestWithParam<std::tuple<TokenizerKind, bool>> {
 protected:
  static std::unique_ptr<Tokenizer> train() {
    TextOptions options = options_of(std::get<0>(GetParam()));
    return train_tokenizer(options, views_of(language(std::get<1>(GetParam()))), serial_for());
  }
};

TEST_P(SentencePieceTest, PiecesJoinToTheText) {
  const auto tokenizer = train();
  EXPECT_LE(tokenizer->size(), 150);
  EXPECT_GT(tokenizer->size(), 50);
  EXPECT_EQ(tokenizer->file_name(), "sentencepiece.model");
  EXPECT_EQ(tokenizer->piece(0), "<unk>");
  for (const std::string& document : language(std::get<1>(GetParam()))) {
    std::string joined;
    const std::vector<std::int32_t> ids = encode(*tokenizer, document);
    for (const std::int32_t id : ids) joined += tokenizer->piece(id);
    std::string expected;
    for (const char c : prepare_for_pieces(document, true)) {
      expected += c == ' ' ? "\u2581" : std::string(1, c);
    }
    ASSERT_EQ(joined, expected);
    ASSERT_LT(ids.size(), document.size() / 2);
  }
}

TEST_P(SentencePieceTest, TrainsAndLoadsTheSameBytes) {
  const auto tokenizer = train();
  EXPECT_EQ(train()->serialize(), tokenizer->serialize());
  const auto loaded =
      load_tokenizer(options_of(std::get<0>(GetParam())), tokenizer->serialize(), "m");
  Random random(11);
  for (int round = 0; round < 200; ++round) {
    const std::string text = random_bytes(random, 60) + language(true)[0];
    const auto ids = encode(*loaded, text);
    ASSERT_EQ(ids, encode(*tokenizer, text));
    for (const std::int32_t id : ids) ASSERT_TRUE(id >= 0 && id < loaded->size());
  }
  const auto other = std::get<0>(GetParam()) == TokenizerKind::kBpe ? TokenizerKind::kUnigram
                                                                    : TokenizerKind::kBpe;
  EXPECT_ERROR(load_tokenizer(options_of(other), tokenizer->serialize(), "m"), "another type");
}

TEST_P(SentencePieceTest, LongAndUnknownTextTakesLinearTime) {
  const auto tokenizer = train();
  std::string unknown;
  while (unknown.size() < 1000000) unknown += "\U0001f600";
  std::string known;
  while (known.size() < 500000) known += views_of(language(std::get<1>(GetParam())))[0];
  EXPECT_FALSE(encode(*tokenizer, unknown).empty());
  EXPECT_GT(encode(*tokenizer, known).size(), 50000u);
}

TEST_P(SentencePieceTest, DamagedModelsAreErrorsOrWorkButNeverCrash) {
  const std::string bytes = train()->serialize();
  const TextOptions options = options_of(std::get<0>(GetParam()));
  const std::string text = language(std::get<1>(GetParam()))[0];
  for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 16) {
    EXPECT_ERROR(load_tokenizer(options, bytes.substr(0, length), "m"), "m: ");
  }
  Random random(12);
  int refused = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string damaged = bytes;
    for (std::uint64_t k = 1 + random.below(3); k > 0; --k) {
      damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    }
    try {
      const auto tokenizer = load_tokenizer(options, damaged, "m");
      for (const std::int32_t id : encode(*tokenizer, text)) {
        ASSERT_TRUE(id >= 0 && id < tokenizer->size());
      }
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 300);
}

INSTANTIATE_TEST_SUITE_P(Kinds, SentencePieceTest,
                         testing::Combine(testing::Values(TokenizerKind::kUnigram,
                                                          TokenizerKind::kBpe),
                                          testing::Bool()));

TEST(SentencePieceTrainingTest, SaysWhyItCannotLearn) {
  TextOptions options = options_of(TokenizerKind::kUnigram);
  options.vocabulary_size = 5;
  EXPECT_ERROR(train_tokenizer(options, views_of(language(true)), serial_for()),
               "different characters");
  EXPECT_ERROR(train_tokenizer(options, std::vector<std::string_view>{" \n "}, serial_for()),
               "blanks");
}

TEST(SentencePieceTrainingTest, TinyTextIsEnough) {
  for (const TokenizerKind kind : {TokenizerKind::kUnigram, TokenizerKind::kBpe}) {
    for (const char* text :
         {"a", "aaaa", "ab ab", "\u2585 \u2581 x", "<unk> <s>", "\ufffe\U0010ffff"}) {
      TextOptions options = options_of(kind);
      const auto tokenizer =
          train_tokenizer(options, std::vector<std::string_view>{text, ""}, serial_for());
      EXPECT_FALSE(encode(*tokenizer, text).empty()) << text;
      EXPECT_TRUE(encode(*tokenizer, " ").empty());
    }
  }
}

// A message of the wire format: the key of field `number`, the length, the bytes.
std::string field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) +
         bytes;
}

const std::string kUnknown = field(1, field(1, "<unk>") + "\x18\x02");
const std::string kTrainer = "\x12\x04\x18\x01\x20\x02";                     // unigram, 2 pieces
const std::string kNormalizer = std::string("\x1a\x04\x18\x00\x20\x00", 6);  // blanks as they are

TEST(SentencePieceModelTest, RefusesWhatTheLibraryWouldTrust) {
  const TextOptions options = options_of(TokenizerKind::kUnigram);
  const auto load = [&](const std::string& bytes) { return load_tokenizer(options, bytes, "m"); };
  const std::string letter = field(1, field(1, "a"));
  const std::string rest = kTrainer + kNormalizer;
  EXPECT_EQ(load(kUnknown + letter + rest)->size(), 2);
  EXPECT_ERROR(load(kUnknown + field(1, field(1, "\xff")) + rest), "not UTF-8");
  EXPECT_ERROR(load(kUnknown + field(1, field(1, "")) + rest), "not UTF-8");
  EXPECT_ERROR(load(kUnknown + field(1, "") + rest), "not UTF-8");
  EXPECT_ERROR(load(kUnknown + field(1, field(1, "a b")) + rest), "blank");
  const std::string infinite = std::string("\x15\x00\x00\x80\x7f", 5);
  EXPECT_ERROR(load(kUnknown + field(1, field(1, "a") + infinite) + rest), "not a number");
  EXPECT_ERROR(load(kUnknown + field(1, field(1, "a") + "\x18\x04") + rest), "ordinary");
  EXPECT_ERROR(load(letter + kUnknown + rest), "ordinary");
  EXPECT_ERROR(load(kUnknown + kUnknown + rest), "ordinary");
  EXPECT_ERROR(load(kUnknown + letter + letter + kNormalizer + "\x12\x04\x18\x01\x20\x03"),
               "already defined");
  EXPECT_ERROR(load(kUnknown + letter + letter + rest), "as many pieces");
  EXPECT_ERROR(load(kUnknown + letter + rest + "\x12\x02\x18\x07"), "another type");
  EXPECT_ERROR(load(kUnknown + letter + rest + "\x12\x03\x98\x02\x01"), "falls back");
  EXPECT_ERROR(load(kUnknown + letter + kTrainer), "cut short");
  EXPECT_ERROR(load(kUnknown + letter + rest + field(3, field(2, "x"))), "normalization rules");
  EXPECT_ERROR(load(kUnknown + letter + rest + field(3, "")), "blanks");
  EXPECT_ERROR(load(kUnknown + letter + rest + field(4, "")), "self-tests");
  EXPECT_ERROR(load(kUnknown + letter + rest + "\x0b"), "unknown type");
  EXPECT_ERROR(load(kUnknown + letter + rest + "\x32\x7f"), "cut short");
}

TEST(SentencePieceTextTest, SentencesJoinToTheTextAndAreShort) {
  Random random(13);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    const bool blanks = round % 2 == 0;
    while (text.size() < 9000) {
      append_utf8(text, blanks ? random_code_point(random) : 0x4e00 + round);
      if (!blanks && random.below(500) == 0) text += "\u3002";
    }
    const std::string prepared = prepare_for_pieces(text, true);
    std::string joined;
    for_each_sentence(prepared, [&](std::string_view sentence) {
      ASSERT_FALSE(sentence.empty());
      ASSERT_LE(sentence.size(), kLongestSentence);
      ASSERT_TRUE(is_valid_utf8(sentence));
      joined += sentence;
    });
    ASSERT_EQ(joined, prepared);
    ASSERT_EQ(prepared.find("  "), std::string::npos);
  }
}

}  // namespace
}  // namespace fastformer::text
