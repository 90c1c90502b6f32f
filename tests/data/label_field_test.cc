// Rows with several labels, in every format.
#include "data/label_field.h"

#include "base/strings.h"
#include "data/targets.h"
#include "read_text.h"

namespace fastformer::data {
namespace {

// "a,b|text" of every record with a list; "=a|text" of one with a label.
Lines lists_and_texts(const std::vector<Record>& records) {
  Lines lines;
  for (const Record& record : records) {
    lines.push_back((record.has_list ? join(record.labels, ",") : "=" + record.label) + "|" +
                    record.text);
    EXPECT_TRUE(record.has_label);
    EXPECT_TRUE(!record.has_list || record.label.empty());
  }
  return lines;
}

ReadSetting reading(Target target, const std::string& separator = "", bool needs_label = true) {
  ReadSetting setting;
  setting.options.target = target;
  setting.options.label_separator = separator;
  setting.needs_label = needs_label;
  return setting;
}

TEST(LabelFieldTest, ASeparatorPartsLabels) {
  const std::string bytes = "label,text\na | b,one\n,none\nc,two\n\"b|a||b\",three\n[x],four\n";
  const Lines expected = {"a,b|one", "|none", "c|two", "b,a|three", "[x]|four"};
  for (const Target target : {Target::kAuto, Target::kMulti}) {
    EXPECT_EQ(lists_and_texts(read_text("a.csv", bytes, reading(target, "|"))), expected);
  }
  EXPECT_EQ(lists_and_texts(read_text("a.tsv", "x::y, z\tone\n", reading(Target::kAuto, ", "))),
            (Lines{"x::y,z|one"}));
  EXPECT_EQ(lists_and_texts(read_text("a.jsonl", "{\"labels\":\"a b\",\"text\":\"one\"}\n",
                                      reading(Target::kAuto, " "))),
            (Lines{"a,b|one"}));
}

TEST(LabelFieldTest, JsonArraysAreLists) {
  const std::string lines =
      "{\"labels\":[\"a\",\" b \",\"a\"],\"text\":\"one\"}\n"
      "{\"text\":\"two\",\"labels\":[]}\n"
      "{\"labels\":\"c\",\"text\":\"three\"}\n"
      "{\"labels\":[7,true,\"\\ud800x\"],\"text\":\"four\"}\n";
  const auto records = read_text("a.jsonl", lines);
  EXPECT_EQ(lists_and_texts(records),
            (Lines{"a,b|one", "|two", "=c|three", "7,true,\xef\xbf\xbdx|four"}));
  EXPECT_EQ(lists_and_texts(read_text("a.csv",
                                      "labels,text\n\"[\"\"a\"\", \"\"b\"\"]\",one\n"
                                      "[],two\n[not,three\n")),
            (Lines{"a,b|one", "|two", "=[not|three"}));
}

TEST(LabelFieldTest, FastTextLinesMayHaveMany) {
  EXPECT_EQ(lists_and_texts(read_text("a.txt", "__label__a __label__b x\n__label__c y\n")),
            (Lines{"a,b|x", "=c|y"}));
  EXPECT_EQ(lists_and_texts(read_text("a.txt", "__label__a x\nno label\n",
                                      [] {
                                        ReadSetting setting = reading(Target::kMulti);
                                        setting.options.format = Format::kFastText;
                                        return setting;
                                      }())),
            (Lines{"a|x", "|no label"}));
}

TEST(LabelFieldTest, WhatIsWantedDecidesWhatAFieldSays) {
  const std::string csv = "label,text\n[1],one\na,two\n";
  EXPECT_EQ(lists_and_texts(read_text("a.csv", csv, reading(Target::kSingle))),
            (Lines{"=[1]|one", "=a|two"}));
  EXPECT_EQ(lists_and_texts(read_text("a.csv", csv, reading(Target::kMulti))),
            (Lines{"1|one", "a|two"}));
  EXPECT_EQ(lists_and_texts(read_text("a.csv", "label,text\n,one\n", reading(Target::kMulti))),
            (Lines{"|one"}));
  EXPECT_ERROR(read_text("a.csv", csv, reading(Target::kSingle, "|")), "--label-separator");
}

TEST(LabelFieldTest, ListsOfOtherThingsAreMalformed) {
  const auto row = [](const std::string& labels) {
    return "{\"labels\":" + labels + ",\"text\":\"one\"}\n";
  };
  for (const auto& [labels, reason] :
       {std::pair("[[1]]", "holds [1], which is no label"), std::pair("[null]", "holds null"),
        std::pair("[{\"a\":1}]", "no label"), std::pair("[\" \"]", "an empty label"),
        std::pair("{\"a\":\"b\"}", "is an object"), std::pair("null", "null"),
        std::pair("{}", "is an object"), std::pair("{\"a\":1}", "is a distribution")}) {
    EXPECT_ERROR(read_text("a.jsonl", row(labels), reading(Target::kMulti)), reason);
    EXPECT_ERROR(read_text("a.jsonl", row(labels), reading(Target::kMulti)), "a.jsonl, line 1");
    EXPECT_EQ(read_text("a.jsonl", row(labels), reading(Target::kAuto, "", false)).size(), 1U);
  }
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_ERROR(read_text("a.jsonl", row(deep)), "no label");
}

TEST(LabelFieldTest, AnEmptyLabelAmongListsAsksForTheSeparator) {
  std::string rows = "label\ttext\nx|y\tone\n\tnone\n";
  for (const char* label : {"x", "y", "y|x", "z", "z|x"}) rows += std::string(label) + "\ttwo\n";
  EXPECT_ERROR(read_text("a.tsv", rows), "line 3: the label is empty");
  EXPECT_ERROR(read_text("a.tsv", rows), "such as \"x|y\": with --label-separator \"|\"");
  EXPECT_ERROR(read_text("a.tsv", rows, reading(Target::kSingle)), "--on-bad-row skip");
  EXPECT_ERROR(read_text("a.tsv", "label\ttext\nx\tone\n\tnone\n"), "--on-bad-row skip");
}

TEST(LabelFieldTest, DistributionsAreNoLabelsAndNotLeftOutUnseen) {
  const std::string object = "{\"a\":0.25,\"b\":0.75}";
  const std::string list = "[{\"label\":\"a\",\"score\":0.25}]";
  for (const Target target : {Target::kSingle, Target::kAuto, Target::kMulti}) {
    for (const std::string& shares : {object, list}) {
      const std::string line = "{\"label\":" + shares + ",\"text\":\"one\"}\n";
      const std::string row = "label\ttext\n" + shares + "\tone\n";
      for (const auto& [name, bytes] : {std::pair("a.jsonl", line), std::pair("a.tsv", row)}) {
        EXPECT_ERROR(read_text(name, bytes, reading(target)), "label is a distribution");
        EXPECT_ERROR(read_text(name, bytes, reading(target)), "with --soft-label-column");
      }
    }
  }
  for (const char* label : {"{a}", "{}", "[a]", "{\"a\":\"b\"}"}) {
    EXPECT_EQ(read_text("a.tsv", std::string("label\ttext\n") + label + "\tone\n").at(0).label,
              label);
  }
}

TEST(TargetsTest, DenseIsOneForEachLabel) {
  Targets targets;
  targets.add(std::vector<std::int32_t>{2, 0});
  targets.add({});
  targets.add_one(1);
  Targets all = targets;
  all.append(targets);
  EXPECT_EQ(all.size(), 6U);
  EXPECT_EQ(targets.dense(3), (std::vector<float>{1, 0, 1, 0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(all.of(3)[0], 2);
  EXPECT_FALSE(all.is_soft());
  const std::vector<float> shares = {0.5F, 0.25F, 0.25F};
  all.add(std::vector<std::int32_t>{1, 0, 2}, shares);
  EXPECT_TRUE(all.is_soft());
  Targets copy;
  copy.append(all);
  EXPECT_EQ(copy.dense(3), all.dense(3));
  EXPECT_EQ(all.dense(3)[6 * 3], 0.25F);
  EXPECT_EQ(all.dense(3)[6 * 3 + 1], 0.5F);
}

}  // namespace
}  // namespace fastformer::data
