// Rules from facts to settings.
#include "data/suggestions.h"

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "data/label_lists.h"
#include "text/text_options.h"

namespace fastformer::data {
namespace {

constexpr double kMarkupShare = 0.02;   // of the documents, from which on tags are worth removing
constexpr std::int64_t kShortest = 32;  // lengths that are suggested
constexpr std::int64_t kLongest = 16384;
constexpr std::int64_t kImbalance = 10;  // rows of the most frequent label to one of the rarest
constexpr std::int64_t kFewRows = 5;     // of a label, too few to learn from
constexpr std::size_t kNamed = 5;        // labels that a remark names

double share_of(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(double share) { return format_fixed(100 * share, 1) + "%"; }

// "1 row", "2 rows".
std::string counted(std::int64_t count, const std::string& thing) {
  return format_count(count) + " " + thing + (count == 1 ? "" : "s");
}

// 32, 64, .. up to the first that is at least `length`.
std::int64_t power_at_least(std::int64_t length) {
  std::int64_t power = kShortest;
  while (power < length && power < kLongest) power *= 2;
  return power;
}

std::optional<Suggestion> max_length(const CorpusFacts& facts) {
  const std::int64_t standard = text::TextOptions().max_length;
  // Of text without spaces the pieces are not known yet; no more than the characters.
  const bool pieces = facts.lacks_spaces();
  const LengthHistogram& lengths = pieces ? facts.characters : facts.words;
  const std::string unit = pieces ? " characters" : " words";
  const std::int64_t most = lengths.percentile(0.95), longest = lengths.percentile(1);
  if (most > standard) {
    return Suggestion{"--max-length", std::to_string(power_at_least(most)),
                      "5% of the documents are longer than " + format_count(most - 1) + unit +
                          ", and " + format_count(standard) + " would cut more of them"};
  }
  if (longest > 0 && power_at_least(longest) < standard) {
    return Suggestion{"--max-length", std::to_string(power_at_least(longest)),
                      "no document is longer than " + format_count(longest) + unit +
                          ", so that a smaller table of positions is enough"};
  }
  return std::nullopt;
}

std::optional<Suggestion> label_separator(const CorpusFacts& facts) {
  if (facts.lists > 0) return std::nullopt;
  std::vector<std::string> labels;
  labels.reserve(facts.labels.size());
  for (const CheckedLabel& label : facts.labels) labels.push_back(label.label);
  const auto lists = find_label_lists(labels);
  if (!lists) return std::nullopt;
  return Suggestion{"--label-separator", lists->separator,
                    lists->describe(static_cast<std::int64_t>(labels.size()))};
}

}  // namespace

std::vector<Suggestion> suggestions(const CorpusFacts& facts,
                                    const std::optional<GroupColumn>& group, bool stripped) {
  std::vector<Suggestion> list;
  if (const auto separator = label_separator(facts)) list.push_back(*separator);
  if (group) {
    list.push_back({"--group-column", group->name,
                    format_count(group->groups) + " values in " + format_count(group->rows) +
                        " rows looked at: rows of one of them on both sides of the split would "
                        "flatter the validation"});
  }
  if (facts.lacks_spaces()) {
    list.push_back({"--tokenizer", "unigram",
                    percent(facts.letters.share()) +
                        " of the letters are of scripts without spaces between words (auto "
                        "notices this too)"});
  }
  const double markup = share_of(facts.markup, facts.rows);
  if (markup >= kMarkupShare || stripped) {
    list.push_back({"--strip-html", "", percent(markup) + " of the documents hold HTML"});
  }
  if (const auto length = max_length(facts)) list.push_back(*length);
  return list;
}

namespace {

// "3 labels MIDDLE: a, b, c".
std::string labels_remark(const std::vector<std::string>& labels, const std::string& middle) {
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(kNamed, labels.size()); ++i) {
    shown.push_back("\"" + printable(labels[i], 40) + "\"");
  }
  return counted(static_cast<std::int64_t>(labels.size()), "label") + " " + middle + ": " +
         join(shown, ", ") + (labels.size() > kNamed ? ", ..." : "");
}

void add_label_remarks(const CorpusFacts& facts, std::vector<std::string>& list) {
  std::vector<std::string> rare;
  std::map<std::string, std::vector<std::string>> spellings;
  for (const CheckedLabel& label : facts.labels) {
    if (label.rows < kFewRows) rare.push_back(label.label);
    spellings[ascii_lower(label.label)].push_back(label.label);
  }
  if (!rare.empty()) {
    list.push_back(labels_remark(rare, "with fewer than " + std::to_string(kFewRows) + " rows"));
  }
  std::vector<std::string> alike;
  for (const auto& [folded, labels] : spellings) {
    if (labels.size() > 1) alike.insert(alike.end(), labels.begin(), labels.end());
  }
  if (!alike.empty()) list.push_back(labels_remark(alike, "that differ in case alone"));
  const CheckedLabel &most = facts.labels.front(), &least = facts.labels.back();
  if (most.rows >= kImbalance * least.rows) {
    list.push_back("\"" + printable(most.label, 40) + "\" has " + counted(most.rows, "row") +
                   ", \"" + printable(least.label, 40) + "\" " + format_count(least.rows) +
                   ": accuracy says little of the rare labels, macro-F1 does");
  }
  if (facts.labels.size() == 1 && facts.lists == 0)
    list.push_back("there is only one label, nothing to learn");
  const bool is_id =
      facts.labels.size() > 100 && 2 * static_cast<std::int64_t>(facts.labels.size()) > facts.rows;
  if (is_id) list.push_back("most labels stand on one row: is --label-column the right one?");
}

void add_distributions(const CorpusFacts& facts, std::vector<std::string>& list) {
  std::int64_t rows = 0;
  for (const CheckedFile& file : facts.files) rows += file.read.distributions;
  if (rows == 0) return;
  list.push_back(counted(rows, "bad row") +
                 " with a distribution over labels in the place of the label: read them with "
                 "--soft-label-column and the name of that column");
}

void add_file_remarks(const CorpusFacts& facts, std::vector<std::string>& list) {
  for (std::size_t file = 1; file < facts.files.size(); ++file) {
    std::vector<std::string> missing;
    for (const CheckedLabel& label : facts.labels) {
      if (label.file_rows[file] > 0 && label.file_rows[0] == 0) missing.push_back(label.label);
    }
    if (missing.empty()) continue;
    list.push_back(labels_remark(missing, "of " + facts.files[file].name + " that " +
                                              facts.files[0].name + " does not have"));
  }
}

}  // namespace

std::vector<std::string> remarks(const CorpusFacts& facts) {
  std::vector<std::string> list;
  add_distributions(facts, list);
  if (facts.rows == 0) {
    list.emplace_back("there are no rows");
    return list;
  }
  if (!facts.labels.empty()) add_label_remarks(facts, list);
  add_file_remarks(facts, list);
  for (const SharedDocuments& shared : facts.duplicates.shared) {
    const CheckedFile& first = facts.files[static_cast<std::size_t>(shared.first)];
    const CheckedFile& second = facts.files[static_cast<std::size_t>(shared.second)];
    list.push_back(counted(shared.rows_of_second, "row") + " of " + second.name + " (" +
                   percent(share_of(shared.rows_of_second, second.read.rows)) + ") also in " +
                   first.name + ": a test on them flatters the model");
  }
  if (facts.duplicates.conflicting_documents > 0) {
    list.push_back(counted(facts.duplicates.conflicting_documents, "document") +
                   " under several labels (" + counted(facts.duplicates.conflicting_rows, "row") +
                   "): some label is wrong, or the labels overlap");
  }
  return list;
}

}  // namespace fastformer::data
