// fastformer data check: what there is to know about labelled files before training on them.
#include <fastformer/error.h>

#include <nlohmann/json.hpp>

#include "commands/commands.h"
#include "commands/data_check_report.h"
#include "data/corpus_reader.h"

namespace fastformer::apps {
namespace {

constexpr char kUsage[] =
    "usage: fastformer data check FILE... [OPTIONS]\n\n"
    "Reads labelled files and says what is in them: rows, labels, lengths, duplicates, repairs,\n"
    "malformed rows, and the settings of fastformer train that they speak for. Documents with the\n"
    "same letters and digits are duplicates. Memory: 24 bytes a document.\n";

constexpr std::size_t kMostFiles = 100000;

struct DataCheckOptions {
  data::CheckOptions check;
  bool unlabelled = false;
  std::string soft_label_column;
  bool json = false;
  int threads = 0;

  DataCheckOptions() { check.corpus.on_bad_row = data::OnBadRow::kSkip; }

  void describe(config::OptionSet& options) {
    options.group("Check")
        .add("json", &json, "one JSON object")
        .add("unlabelled", &unlabelled, "the documents need no labels")
        .add("soft-label-column", &soft_label_column, "NAME|N",
             "column with a distribution over labels, as JSON")
        .add("strip-html", &check.strip_html, "look at the texts without their tags")
        .add("threads", &threads, {0, 4096}, "processor threads; 0: all");
    check.corpus.describe(options);
  }
};

}  // namespace

int run_data_check(Arguments arguments) {
  DataCheckOptions options;
  config::OptionSet set;
  options.describe(set);
  CheckedCorpus checked;
  if (parse_or_help(set, arguments, kUsage, kMostFiles, &checked.files)) return kDone;
  require(checked.files.empty() ? "" : checked.files[0], "the file to check");
  options.check.needs_label = !options.unlabelled;
  options.check.corpus.read_shares_from(options.soft_label_column);

  ThreadPool pool(options.threads);
  const ParallelFor parallel_for = pool.parallel_for();
  checked.facts = data::check_corpus(checked.files, options.check, parallel_for);
  const bool has_rows = checked.facts.rows > 0;
  if (has_rows && options.check.corpus.group_column.empty()) {
    checked.group = data::likely_group_column(checked.files[0], options.check.corpus,
                                              options.check.needs_label, parallel_for);
  }
  checked.suggestions = data::suggestions(checked.facts, checked.group, options.check.strip_html);
  checked.remarks = data::remarks(checked.facts);
  print(options.json ? data_check_json(checked) : data_check_text(checked));
  if (!has_rows) throw data::has_none("rows", checked.files[0]);
  return kDone;
}

}  // namespace fastformer::apps
