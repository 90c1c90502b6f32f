// JSON of data check.
#include <nlohmann/json.hpp>

#include "commands/data_check_report.h"

namespace fastformer::apps {
namespace {

using config::Json;

Json repairs_json(const text::RepairCounts& repairs) {
  return {{"invalid_utf8", repairs.invalid_utf8},
          {"c1_controls", repairs.c1},
          {"nul", repairs.nul},
          {"controls", repairs.control},
          {"carriage_returns", repairs.crlf},
          {"byte_order_marks", repairs.bom},
          {"lone_surrogates", repairs.surrogates}};
}

Json files_json(const data::CorpusFacts& facts) {
  Json list = Json::array();
  for (std::size_t i = 0; i < facts.files.size(); ++i) {
    const data::CheckedFile& file = facts.files[i];
    list.push_back({{"file", file.name},
                    {"rows", file.read.rows},
                    {"bytes", file.read.bytes},
                    {"labels", file.labels},
                    {"empty", file.empty},
                    {"repeated", facts.duplicates.within[i]},
                    {"bad_rows", file.read.skipped_rows},
                    {"reasons", file.read.reasons},
                    {"repairs", repairs_json(file.read.repairs)},
                    {"notes", file.read.notes}});
  }
  return list;
}

Json labels_json(const data::CorpusFacts& facts) {
  Json list = Json::array();
  for (const data::CheckedLabel& label : facts.labels) {
    list.push_back({{"label", label.label},
                    {"rows", label.rows},
                    {"share", static_cast<double>(label.rows) / static_cast<double>(facts.rows)},
                    {"file_rows", label.file_rows}});
  }
  return list;
}

Json lengths_json(const data::LengthHistogram& lengths) {
  return {{"shortest", lengths.percentile(0)},
          {"median", lengths.percentile(0.5)},
          {"p90", lengths.percentile(0.9)},
          {"p95", lengths.percentile(0.95)},
          {"p99", lengths.percentile(0.99)},
          {"longest", lengths.percentile(1)},
          {"mean", lengths.mean()}};
}

Json conflicts_json(const data::CorpusFacts& facts) {
  const data::DuplicateReport& duplicates = facts.duplicates;
  const auto name = [&](int label) { return facts.labels[static_cast<std::size_t>(label)].label; };
  Json pairs = Json::array(), examples = Json::array();
  for (const data::LabelPair& pair : duplicates.conflicting_labels) {
    pairs.push_back(
        {{"labels", {name(pair.first), name(pair.second)}}, {"documents", pair.documents}});
  }
  for (const data::Conflict& conflict : duplicates.conflicts) {
    Json places = Json::array();
    for (const auto& [label, place] : conflict.labels) {
      places.push_back({{"label", name(label)}, {"place", facts.describe(place)}});
    }
    examples.push_back({{"rows", conflict.rows}, {"places", places}});
  }
  return {{"documents", duplicates.conflicting_documents},
          {"rows", duplicates.conflicting_rows},
          {"label_pairs", pairs},
          {"examples", examples}};
}

Json duplicates_json(const data::CorpusFacts& facts) {
  const auto name = [&](int file) { return facts.files[static_cast<std::size_t>(file)].name; };
  Json shared = Json::array(), repeated = Json::array();
  for (const data::SharedDocuments& both : facts.duplicates.shared) {
    shared.push_back({{"first", name(both.first)},
                      {"second", name(both.second)},
                      {"rows_of_first", both.rows_of_first},
                      {"rows_of_second", both.rows_of_second}});
  }
  for (const data::RepeatedDocument& document : facts.duplicates.repeated) {
    repeated.push_back({{"first", facts.describe(document.first)}, {"rows", document.rows}});
  }
  return {
      {"across_files", shared}, {"most_repeated", repeated}, {"conflicts", conflicts_json(facts)}};
}

}  // namespace

std::string data_check_json(const CheckedCorpus& checked) {
  const data::CorpusFacts& facts = checked.facts;
  Json suggestions = Json::array();
  for (const data::Suggestion& suggestion : checked.suggestions) {
    suggestions.push_back(
        {{"flag", suggestion.flag}, {"value", suggestion.value}, {"reason", suggestion.reason}});
  }
  const Json report = {{"rows", facts.rows},
                       {"empty", facts.empty},
                       {"files", files_json(facts)},
                       {"labels", labels_json(facts)},
                       {"rows_with_lists", facts.lists},
                       {"labels_a_row", lengths_json(facts.labels_a_row)},
                       {"words", lengths_json(facts.words)},
                       {"characters", lengths_json(facts.characters)},
                       {"duplicates", duplicates_json(facts)},
                       {"share_without_spaces", facts.letters.share()},
                       {"rows_with_markup", facts.markup},
                       {"remarks", checked.remarks},
                       {"suggestions", suggestions}};
  return report.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace fastformer::apps
