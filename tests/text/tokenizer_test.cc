// Training and use of the tokenizers of words and bytes, and the choice between words and pieces.
#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "temporary_folder.h"
#include "text/random_bytes.h"
#include "text/scripts.h"

namespace fastformer::text {
namespace {

std::vector<std::int32_t> encode(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::int32_t> ids;
  tokenizer.encode(text, ids);
  return ids;
}

std::unique_ptr<Tokenizer> train(TextOptions options, const std::vector<std::string>& documents) {
  return train_tokenizer(options, views_of(documents), serial_for());
}

std::vector<std::string> random_documents(int count) {
  Random random(8);
  std::vector<std::string> documents;
  for (int i = 0; i < count; ++i) {
    std::string document;
    for (std::uint64_t k = random.below(30); k > 0; --k) {
      const double skew = random.uniform();
      document += "w" + std::to_string(static_cast<int>(200 * skew * skew)) + ", ";
    }
    documents.push_back(document);
  }
  return documents;
}

TEST(TokenizerTest, WordsOfTheTrainingTextAreKnownAndOthersAreNot) {
  const auto tokenizer = train({}, {"The cat, the dog.", "the CAT"});
  EXPECT_EQ(tokenizer->serialize(), "<unk>\nthe\ncat\n");
  EXPECT_EQ(encode(*tokenizer, "THE cat. A the"), (std::vector<std::int32_t>{1, 2, 0, 0, 1}));
  EXPECT_EQ(tokenizer->piece(2), "cat");
  EXPECT_EQ(tokenizer->size(), 3);
  EXPECT_EQ(tokenizer->file_name(), "vocabulary.txt");
  EXPECT_ERROR(tokenizer->piece(3), "no token with the id 3");
  EXPECT_ERROR(tokenizer->piece(-1), "no token");
}

TEST(TokenizerTest, CaseAndHtmlFollowTheOptions) {
  TextOptions options;
  options.min_count = 1;
  options.lowercase = false;
  EXPECT_EQ(train(options, {"A<br>a"})->serialize(), "<unk>\n<\n>\nA\na\nbr\n");
  options.lowercase = true;
  options.strip_html = true;
  EXPECT_EQ(train(options, {"A<br>a"})->serialize(), "<unk>\na\n");
}

TEST(TokenizerTest, TheNumberOfThreadsDoesNotMatter) {
  const std::vector<std::string> documents = random_documents(2000);
  TextOptions options;
  options.vocabulary_size = 100;
  const std::string expected = train(options, documents)->serialize();
  for (int threads : {2, 3, 7}) {
    ThreadPool pool(threads);
    EXPECT_EQ(train_tokenizer(options, views_of(documents), pool.parallel_for())->serialize(),
              expected);
  }
}

TEST(TokenizerTest, LoadsWhatItSerialized) {
  Random random(9);
  for (const auto kind :
       {TokenizerKind::kWord, TokenizerKind::kWhitespace, TokenizerKind::kBytes}) {
    TextOptions options;
    options.tokenizer = kind;
    const auto tokenizer = train(options, random_documents(100));
    EXPECT_EQ(tokenizer->kind(), kind);
    EXPECT_EQ(tokenizer->file_name(), "vocabulary.txt");
    const auto loaded = load_tokenizer(options, tokenizer->serialize(), "v");
    EXPECT_EQ(loaded->serialize(), tokenizer->serialize());
    for (int round = 0; round < 300; ++round) {
      const std::string text = random_bytes(random, 40) + " w1, w2";
      EXPECT_EQ(encode(*loaded, text), encode(*tokenizer, text));
    }
    options.tokenizer = TokenizerKind::kAuto;
    EXPECT_ERROR(load_tokenizer(options, tokenizer->serialize(), "v"), "which tokenizer");
  }
}

TEST(TokenizerTest, WhitespaceKeepsOperatorsWhole) {
  TextOptions options;
  options.tokenizer = TokenizerKind::kWhitespace;
  options.min_count = 1;
  options.lowercase = false;
  const auto tokenizer = train(options, {"[MAX 1 [MIN 1 2 ] ]"});
  EXPECT_EQ(tokenizer->serialize(), "<unk>\n1\n]\n2\n[MAX\n[MIN\n");
  EXPECT_EQ(encode(*tokenizer, "[MIN 2\t1 ] [max"), (std::vector<std::int32_t>{5, 3, 1, 2, 0}));
}

TEST(TokenizerTest, BytesAreTheTextsOwn) {
  TextOptions options;
  options.tokenizer = TokenizerKind::kBytes;
  options.lowercase = false;
  const auto tokenizer = train(options, {"any"});
  EXPECT_EQ(tokenizer->size(), 257);
  EXPECT_EQ(tokenizer->piece(0), "<unk>");
  EXPECT_EQ(tokenizer->piece(0xaf + 1), "<0xaf>");
  EXPECT_ERROR(tokenizer->piece(257), "no token");
  EXPECT_ERROR(tokenizer->piece(-1), "no token");
  Random random(10);
  for (int round = 0; round < 300; ++round) {
    const std::string bytes = random_bytes(random, 40);
    std::string back;
    for (const std::int32_t id : encode(*tokenizer, bytes)) back += static_cast<char>(id - 1);
    EXPECT_EQ(back, bytes);
  }
  options.lowercase = true;
  const auto folding = train(options, {"any"});
  EXPECT_EQ(encode(*folding, "A\u00c4b"), encode(*tokenizer, "a\u00e4b"));
}

TEST(TokenizerTest, TheListOfBytesIsTakenAsItIsOrNotAtAll) {
  TextOptions options;
  options.tokenizer = TokenizerKind::kBytes;
  const std::string good = train(options, {"any"})->serialize();
  for (std::size_t at = 0; at <= good.size(); ++at) {
    EXPECT_ERROR(load_tokenizer(options, good.substr(0, at) + "x", "v"), "256 bytes");
    if (at == good.size()) break;
    EXPECT_ERROR(load_tokenizer(options, good.substr(0, at), "v"), "256 bytes");
    std::string other = good;
    other[at] = static_cast<char>(other[at] ^ 1);
    EXPECT_ERROR(load_tokenizer(options, other, "v"), "256 bytes");
  }
}

TEST(TokenizerTest, ResolvesWhatIsLeftOpen) {
  TextOptions options;
  train_tokenizer(options, std::vector<std::string_view>{"a a b b"}, serial_for());
  EXPECT_EQ(options.tokenizer, TokenizerKind::kWord);
  EXPECT_EQ(options.vocabulary_size, 100000);
  TextOptions other;
  std::string text;
  for (int i = 0; i < 300; ++i) append_utf8(text, 0x4e00 + i % 17);
  train_tokenizer(other, std::vector<std::string_view>{text}, serial_for());
  EXPECT_EQ(other.tokenizer, TokenizerKind::kUnigram);
  EXPECT_EQ(other.vocabulary_size, 16000);
  TextOptions bytes;
  bytes.tokenizer = TokenizerKind::kBytes;
  train_tokenizer(bytes, std::vector<std::string_view>{"a"}, serial_for());
  EXPECT_EQ(bytes.vocabulary_size, 257);
}

TEST(TokenizerTest, SaysWhyItCannotLearn) {
  TextOptions options;
  EXPECT_ERROR(train(options, {}), "there is no text");
  EXPECT_ERROR(train(options, {"", ""}), "there is no text");
  EXPECT_ERROR(train(options, {" \n"}), "there is no word");
  EXPECT_ERROR(train(options, {"all different words"}), "Lower --min-count");
  options.vocabulary_size = 1;
  EXPECT_ERROR(train(options, {"a a"}), "--vocabulary-size");
}

TEST(ScriptsTest, TellsScriptsWithoutSpaces) {
  using Texts = std::vector<std::string_view>;
  EXPECT_EQ(share_without_spaces(Texts{}), 0);
  EXPECT_EQ(share_without_spaces(Texts{"123 ... !"}), 0);
  EXPECT_EQ(share_without_spaces(Texts{"latin \u043a\u0438\u0440 \ud55c\uae00 \u0939\u093f"}), 0);
  for (const char* text :
       {"\u4e2d\u6587", "\u3072\u3089", "\u30ab\u30ca", "\u0e44\u0e17\u0e22", "\u0ea5\u0eb2",
        "\u1781\u1798", "\u1019\u103c\u1014", "\u0f56\u0f7c\u0f51"}) {
    EXPECT_EQ(share_without_spaces(Texts{text}), 1) << text;
  }
  EXPECT_TRUE(lack_spaces(Texts{"\u4e2d\u6587\u4e2d abc"}));
  EXPECT_FALSE(lack_spaces(Texts{"\u4e2d abcdef"}));
}

}  // namespace
}  // namespace fastformer::text
