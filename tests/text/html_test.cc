// Tags and entities go, running text stays, and hostile input costs linear time.
#include "text/html.h"

#include <gtest/gtest.h>

#include <vector>

#include "text/html_entities.h"
#include "text/random_bytes.h"

namespace fastformer::text {
namespace {

TEST(HtmlTest, RemovesTags) {
  EXPECT_EQ(strip_html("one<br />two<BR>three"), "one\ntwo\nthree");
  EXPECT_EQ(strip_html("<p>one</p><p class=\"a > b\">two</p>"), "one\ntwo\n");
  EXPECT_EQ(strip_html("<ul><li>a<li>b</ul>"), "a\nb\n");
  EXPECT_EQ(strip_html("<tr><td>a</td><td>b</td></tr>"), "a b \n");
  EXPECT_EQ(strip_html("un<b>believ</b>able <a href='x'>link</a>"), "unbelievable link");
  EXPECT_EQ(strip_html("<!DOCTYPE html><?xml version=\"1\"?>x"), "x");
}

TEST(HtmlTest, DropsCommentsScriptsAndStyles) {
  EXPECT_EQ(strip_html("a<!-- <b> -- > -->b"), "ab");
  EXPECT_EQ(strip_html("a<script>if (x < 1) y('</b>');</script>b"), "a\nb");
  EXPECT_EQ(strip_html("a<STYLE type=text/css>p > q {}</Style >b"), "a\nb");
  EXPECT_EQ(strip_html("a<![CDATA[x < y & z]]>b"), "ax < y & zb");
}

TEST(HtmlTest, LeavesRunningTextAlone) {
  for (const char* text : {"a < b", "a <b", "a<", "<", "</", "1 <2> 3", "R&D, AT&T; &", "&;", "&#;",
                           "&#x;", "&nothing;", "mail <me@home.org>", "<!-- open", "<![CDATA[ open",
                           "<a href=\"never closed", "x <- y -> z", "&amp", "<3 <3", "<!> <?>"}) {
    EXPECT_EQ(strip_html(text), text);
  }
}

TEST(HtmlTest, KeepsTextAfterUnclosedThings) {
  EXPECT_EQ(strip_html("a <script> b"), "a \n b");
  EXPECT_EQ(strip_html("<p it's>don't</p>"), "don't\n");
  EXPECT_EQ(strip_html("<a href=\"x>here</a> he said \"so\""), "here he said \"so\"");
}

TEST(HtmlTest, DecodesEntitiesOnce) {
  EXPECT_EQ(strip_html("&lt;b&gt; &amp;lt; &quot;&apos;"), "<b> &lt; \"'");
  EXPECT_EQ(strip_html("a&nbsp;b&eacute;&Eacute;&thetasym;"), "a\u00a0b\u00e9\u00c9\u03d1");
  EXPECT_EQ(strip_html("&#65;&#x42;&#X63;&#8217;&#39s"), "ABc\u2019's");
}

TEST(HtmlTest, HostileNumbersAreHarmless) {
  EXPECT_EQ(strip_html("&#0;|&#xD800;|&#x110000;|&#99999999999999999999999999;"),
            "\ufffd|\ufffd|\ufffd|\ufffd");
  EXPECT_EQ(strip_html("&#1;&#127;&#13;&#9;"), "  \n\t");
  EXPECT_EQ(strip_html("&#150;&#x80;"), "\u2013\u20ac");  // Windows-1252, as browsers read it
}

TEST(HtmlTest, EveryEntityIsFound) {
  EXPECT_EQ(entity_code_point("amp"), '&');
  EXPECT_EQ(entity_code_point("AElig"), 0xc6);
  EXPECT_EQ(entity_code_point("zwnj"), 0x200c);
  EXPECT_EQ(entity_code_point("Amp"), -1);
  EXPECT_EQ(entity_code_point(""), -1);
}

TEST(HtmlTest, ValidTextStaysValid) {
  Random random(2);
  const std::vector<std::string> parts = {
      "<", ">", "</", "<b",   "<p ", "\"",       "'",        "=",     "&",      "&#",
      "x", "1", ";",  "<!--", "-->", "<script>", "</script", "&amp;", "\u00e9", " "};
  for (int round = 0; round < 5000; ++round) {
    std::string html;
    for (std::uint64_t i = random.below(40); i > 0; --i) html += parts[random.below(parts.size())];
    const std::string text = strip_html(html);
    ASSERT_TRUE(is_valid_utf8(text)) << html;
    ASSERT_LE(text.size(), html.size() + 1) << html;
  }
}

TEST(HtmlTest, HostileInputTakesLinearTime) {
  // Quadratic time would take hours and run into ctest's limit.
  for (const char* part :
       {"<a ", "<a \"", "<a \">\"", "x=\"<a '", "<a x=\"<b \"", "<!--", "<script>", "<![CDATA[",
        "&#1", "<style></", "<a \"<a '", "<a ='\"<a \"'"}) {
    std::string html;
    while (html.size() < 1000000) html += part;
    EXPECT_LE(strip_html(html).size(), html.size());
    EXPECT_LE(strip_html(html + ">").size(), html.size() + 1);
  }
}

}  // namespace
}  // namespace fastformer::text
