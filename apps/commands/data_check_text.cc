// Tables of data check.
#include <algorithm>

#include "base/strings.h"
#include "commands/data_check_report.h"
#include "model/model_card.h"
#include "report/table.h"

namespace fastformer::apps {
namespace {

using report::Align;
using report::Column;
using report::Table;

constexpr std::size_t kLabelsShown = 30;
constexpr std::size_t kExamplesShown = 5;
constexpr std::size_t kPairsShown = 10;

std::string percent(std::int64_t part, std::int64_t whole) {
  const double share =
      static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(1, whole));
  return format_fixed(100 * share, 2) + "%";
}

std::string file_table(const data::CorpusFacts& facts) {
  constexpr Align kRight = Align::kRight;
  Table table({{"file"},
               {"rows", kRight},
               {"labels", kRight},
               {"empty", kRight},
               {"repeated", kRight},
               {"bad rows", kRight},
               {"MB", kRight}});
  for (std::size_t i = 0; i < facts.files.size(); ++i) {
    const data::CheckedFile& file = facts.files[i];
    table.add_row({file.name, format_count(file.read.rows), format_count(file.labels),
                   format_count(file.empty), format_count(facts.duplicates.within[i]),
                   format_count(file.read.skipped_rows),
                   format_fixed(static_cast<double>(file.read.bytes) / 1e6, 1)});
  }
  return table.text();
}

// Bad rows, repairs and notes of each file.
std::string reading_notes(const data::CorpusFacts& facts) {
  std::string text;
  for (const data::CheckedFile& file : facts.files) {
    const auto add = [&](const std::string& note) { text += file.name + ": " + note + "\n"; };
    if (file.read.repairs.total() > 0) add("repaired " + file.read.repairs.summary());
    for (const std::string& note : file.read.notes) add(note);
    for (const std::string& reason : file.read.reasons) text += "bad row: " + reason + "\n";
  }
  return text;
}

// How many labels the rows have whose labels stand in lists.
std::string list_line(const data::CorpusFacts& facts) {
  if (facts.lists == 0) return "";
  const data::LengthHistogram& labels = facts.labels_a_row;
  return "labels a row: " + format_count(labels.percentile(0)) + " to " +
         format_count(labels.percentile(1)) + ", median " + format_count(labels.percentile(0.5)) +
         ", mean " + format_fixed(labels.mean(), 2) + "\n";
}

std::string label_table(const data::CorpusFacts& facts) {
  if (facts.labels.empty()) return "";
  const bool by_file = facts.files.size() > 1 && facts.files.size() <= 4;
  std::vector<Column> columns = {{"label"}, {"rows", Align::kRight}, {"share", Align::kRight}};
  for (const data::CheckedFile& file : facts.files) {
    if (by_file) columns.push_back({printable(file.name, 30), Align::kRight});
  }
  Table table(columns);
  for (std::size_t i = 0; i < std::min(kLabelsShown, facts.labels.size()); ++i) {
    const data::CheckedLabel& label = facts.labels[i];
    std::vector<std::string> row = {printable(label.label, 40), format_count(label.rows),
                                    percent(label.rows, facts.rows)};
    for (const std::int64_t rows : label.file_rows) {
      if (by_file) row.push_back(format_count(rows));
    }
    table.add_row(row);
  }
  const std::size_t hidden = facts.labels.size() - table.rows();
  return "\n" + table.text() + list_line(facts) +
         (hidden > 0 ? "and " + format_count(static_cast<std::int64_t>(hidden)) +
                           " more labels (all with --json)\n"
                     : "");
}

std::string length_table(const data::CorpusFacts& facts) {
  constexpr Align kRight = Align::kRight;
  Table table({{"length in"},
               {"shortest", kRight},
               {"median", kRight},
               {"90%", kRight},
               {"95%", kRight},
               {"99%", kRight},
               {"longest", kRight},
               {"mean", kRight}});
  const auto add = [&](const std::string& name, const data::LengthHistogram& lengths) {
    std::vector<std::string> row = {name};
    for (const double share : {0.0, 0.5, 0.9, 0.95, 0.99, 1.0}) {
      row.push_back(format_count(lengths.percentile(share)));
    }
    row.push_back(format_fixed(lengths.mean(), 1));
    table.add_row(row);
  };
  add("words", facts.words);
  add("characters", facts.characters);
  return "\n" + table.text();
}

std::string repeated_table(const data::CorpusFacts& facts) {
  const auto& repeated = facts.duplicates.repeated;
  if (repeated.empty()) return "";
  Table table({{"most repeated documents, the first at"}, {"rows", Align::kRight}});
  for (std::size_t i = 0; i < std::min(kExamplesShown, repeated.size()); ++i) {
    table.add_row({facts.describe(repeated[i].first), format_count(repeated[i].rows)});
  }
  return "\n" + table.text();
}

std::string conflict_tables(const data::CorpusFacts& facts) {
  const data::DuplicateReport& duplicates = facts.duplicates;
  if (duplicates.conflicts.empty()) return "";
  const auto name = [&](int label) {
    return printable(facts.labels[static_cast<std::size_t>(label)].label, 40);
  };
  Table pairs({{"one document, two labels"}, {""}, {"documents", Align::kRight}});
  for (std::size_t i = 0; i < std::min(kPairsShown, duplicates.conflicting_labels.size()); ++i) {
    const data::LabelPair& pair = duplicates.conflicting_labels[i];
    pairs.add_row({name(pair.first), name(pair.second), format_count(pair.documents)});
  }
  Table examples({{"for example"}, {"label"}});
  for (std::size_t i = 0; i < std::min(kExamplesShown, duplicates.conflicts.size()); ++i) {
    for (const auto& [label, place] : duplicates.conflicts[i].labels) {
      examples.add_row({facts.describe(place), name(label)});
    }
    examples.add_row({});
  }
  return "\n" + pairs.text() + "\n" + examples.text();
}

std::string list_of(const std::string& heading, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string text = "\n" + heading + "\n";
  for (const std::string& line : lines) text += "  - " + line + "\n";
  return text;
}

}  // namespace

std::string data_check_text(const CheckedCorpus& checked) {
  const data::CorpusFacts& facts = checked.facts;
  std::vector<std::string> settings;
  for (const data::Suggestion& suggestion : checked.suggestions) {
    settings.push_back(suggestion.flag +
                       (suggestion.value.empty() ? "" : " " + model::shell_word(suggestion.value)) +
                       ": " + suggestion.reason);
  }
  std::string text = file_table(facts) + reading_notes(facts) + label_table(facts) +
                     length_table(facts) + repeated_table(facts) + conflict_tables(facts);
  while (text.ends_with("\n\n")) text.pop_back();
  text += list_of("worth a look", checked.remarks) + list_of("suggested settings", settings);
  if (settings.empty() && facts.rows > 0) text += "\nthe default settings suit these files\n";
  return text;
}

}  // namespace fastformer::apps
