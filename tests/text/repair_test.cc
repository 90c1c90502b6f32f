// Whatever the bytes, repair gives clean text, leaves clean text alone and counts what it did.
#include "text/repair.h"

#include <gtest/gtest.h>

#include "text/random_bytes.h"

namespace fastformer::text {
namespace {

std::string repair(std::string_view bytes) {
  RepairCounts counts;
  return repair_text(bytes, counts);
}

bool is_clean(std::string_view text) {
  if (!is_valid_utf8(text)) return false;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const CodePoint point = decode_utf8(at, end);
    if (is_control(point.value) && point.value != '\t' && point.value != '\n') return false;
    at += point.length;
  }
  return true;
}

TEST(RepairTest, AnyBytesBecomeCleanAndStaySo) {
  Random random(1);
  std::string room;
  for (int round = 0; round < 5000; ++round) {
    const std::string bytes = random_bytes(random, 60);
    RepairCounts counts;
    const std::string once = repair_text(bytes, counts);
    ASSERT_TRUE(is_clean(once));
    ASSERT_EQ(counts.total() == 0, once == bytes);
    RepairCounts counts_in_room;
    const std::string_view in_room = repair_text(bytes, counts_in_room, room);
    ASSERT_EQ(in_room, once);
    ASSERT_EQ(counts_in_room.total(), counts.total());
    ASSERT_EQ(in_room.data() == bytes.data(), counts.total() == 0);
    RepairCounts again;
    if (!once.starts_with("\xef\xbb\xbf")) {
      ASSERT_EQ(repair_text(once, again), once);
      ASSERT_EQ(again.total(), 0);
    }
  }
}

TEST(RepairTest, EveryByteAtEveryPlaceIsSeen) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t at = 0; at < 20; ++at) {
      std::string bytes(20, 'x');
      bytes[at] = static_cast<char>(byte);
      RepairCounts counts;
      const std::string text = repair_text(bytes, counts);
      const bool fine = (byte >= 0x20 && byte < 0x7f) || byte == '\t' || byte == '\n';
      ASSERT_EQ(counts.total(), fine ? 0 : 1) << byte << " at " << at;
      ASSERT_TRUE(is_clean(text));
      ASSERT_EQ(text.substr(0, at), std::string(at, 'x'));
    }
  }
}

TEST(RepairTest, ReadsStrayBytesAsWindows1252) {
  EXPECT_EQ(repair("\x93quoted\x94 \x96 caf\xe9 \x80"),
            "\u201cquoted\u201d \u2013 caf\u00e9 \u20ac");
  EXPECT_EQ(repair("\x81"), "\ufffd");
  EXPECT_EQ(repair("\xc2\x96"), "\u2013");        // the C1 control U+0096
  EXPECT_EQ(repair("\xc2\x85"), "\u2026");        // U+0085
  EXPECT_EQ(repair("\xe2\x82"), "\u00e2\u201a");  // a cut euro sign
}

TEST(RepairTest, JoinsLineEnds) {
  EXPECT_EQ(repair("a\r\nb\rc\n\r\n\r"), "a\nb\nc\n\n\n");
  RepairCounts counts;
  repair_text("a\r\nb\r", counts);
  EXPECT_EQ(counts.crlf, 2);
}

TEST(RepairTest, DropsAByteOrderMarkOnlyAtTheStart) {
  EXPECT_EQ(repair("\xef\xbb\xbf"
                   "a"),
            "a");
  EXPECT_EQ(repair("a\xef\xbb\xbf"), "a\xef\xbb\xbf");
}

TEST(RepairTest, CountsAndSaysWhatItDid) {
  RepairCounts counts;
  repair_text(std::string_view("\0\0 \x01 \xff \xc2\x80 \r", 11), counts);
  EXPECT_EQ(counts.nul, 2);
  EXPECT_EQ(counts.control, 1);
  EXPECT_EQ(counts.invalid_utf8, 1);
  EXPECT_EQ(counts.c1, 1);
  EXPECT_EQ(counts.crlf, 1);
  RepairCounts twice = counts;
  twice += counts;
  EXPECT_EQ(twice.total(), 12);
  EXPECT_EQ(twice.summary(),
            "2 invalid bytes read as Windows-1252, 2 C1 controls read as Windows-1252, "
            "4 NULs made blank, 2 control characters made blank, "
            "2 carriage returns made a line feed");
  EXPECT_EQ(RepairCounts().summary(), "");
}

}  // namespace
}  // namespace fastformer::text
