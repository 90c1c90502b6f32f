// Reading, splitting and encoding of training rows.
#include "commands/training_rows.h"

#include <fastformer/error.h>

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "base/strings.h"
#include "data/labels.h"
#include "data/split.h"
#include "data/targets.h"
#include "text/html.h"
#include "text/pipeline.h"

namespace fastformer::apps {
namespace {

std::string count_of(std::size_t count) { return format_count(static_cast<std::int64_t>(count)); }

std::vector<data::Record> read_files(const std::vector<std::string>& files,
                                     const data::CorpusOptions& options,
                                     const ParallelFor& threads) {
  data::ReadReport report;
  std::vector<data::Record> records =
      data::read_corpus(files, options, /*needs_label=*/true, threads, &report);
  for (const std::string& line : report.summary()) log_info(line);
  return records;
}

void take(data::Record& record, const std::vector<std::string>& files, bool keeps_place,
          Rows& rows) {
  if (keeps_place) rows.places.push_back(data::place_of(record, files));
  rows.texts.push_back(std::move(record.text));
  const std::span<const std::string> labels = data::labels_of(record);
  rows.labels.emplace_back(labels.begin(), labels.end());
  rows.shares.push_back(std::move(record.shares));
}

void check_standard_input(const TrainingFiles& files) {
  const auto names_it = [](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), "-") != list.end();
  };
  if (names_it(files.train) && names_it(files.valid)) {
    throw usage_error("standard input cannot be both training and validation rows", "--valid");
  }
}

struct Encoding {
  learn::LabelledDocuments documents;
  std::int64_t truncated = 0;
  std::int64_t unknown = 0;  // rows with a label that is not learnt
};

std::set<std::string> labels_in(const Rows& rows) {
  std::set<std::string> labels;
  for (const auto& given : rows.labels) labels.insert(given.begin(), given.end());
  return labels;
}

Encoding encode(const Rows& rows, const data::LabelIndex& index,
                const std::set<std::string>& learnt, const text::Pipeline& pipeline,
                const ParallelFor& threads) {
  Encoding encoding;
  const auto place_of = [&rows](std::size_t i) { return rows.places[i]; };
  for (text::Document& document :
       pipeline.encode_all(rows.texts, threads, rows.places.empty() ? text::PlaceOf() : place_of)) {
    encoding.truncated += document.truncated();
    encoding.documents.ids.push_back(std::move(document.ids));
  }
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    std::vector<std::string> labels;
    std::vector<float> shares;
    for (std::size_t k = 0; k < rows.labels[i].size(); ++k) {
      if (!learnt.contains(rows.labels[i][k])) continue;
      labels.push_back(rows.labels[i][k]);
      if (!rows.shares[i].empty()) shares.push_back(rows.shares[i][k]);
    }
    encoding.unknown += labels.size() < rows.labels[i].size();
    data::add_known(labels, shares, index, encoding.documents.targets);
  }
  return encoding;
}

// Few rows leave a validation share of hundreds, too few to mix branches by: there each row is held
// out once, at the cost of as many trainings as there are parts.
int parts_for(const TrainingFiles& files, const std::vector<data::Record>& records) {
  constexpr std::size_t kFewestRows = 50, kFewRows = 8000, kFewBytes = 20'000'000;
  constexpr int kParts = 3;
  if (files.folds > 0) return files.folds;
  if (!files.valid.empty() || files.valid_share == 0) return 1;
  std::size_t bytes = 0;
  for (const data::Record& record : records) bytes += record.text.size();
  const bool few = records.size() >= kFewestRows && records.size() < kFewRows && bytes < kFewBytes;
  return few ? kParts : 1;
}

}  // namespace

void TrainingFiles::describe(config::OptionSet& options) {
  options.add("train", &train, "FILE...", "training rows; - is standard input")
      .add("valid", &valid, "FILE...", "validation rows; without it a share of the training rows")
      .add("valid-share", &valid_share, {0, 0.9}, "share of the training rows to validate on")
      .add("folds", &folds, {0, 100},
           "hold out each of so many parts of the rows once, instead of a share, and train the "
           "model "
           "itself on all rows; 1: a share; 0: by the number of rows")
      .add("soft-label-column", &soft_label_column, "NAME|N",
           "column of the training files with a distribution over labels, as JSON");
}

namespace {

// How the validation files are read.
data::CorpusOptions validation_corpus(const TrainingFiles& files) {
  data::CorpusOptions corpus = files.corpus;
  corpus.group_column.clear();  // groups matter where rows are split
  if (!files.soft_label_column.empty()) corpus.target = data::Target::kSingle;
  return corpus;
}

metrics::TargetKind target_of(const data::CorpusOptions& options,
                              const std::vector<data::Record>& train,
                              const std::vector<data::Record>& valid) {
  using metrics::TargetKind;
  const auto has_list = [](const data::Record& record) {
    return record.has_list && record.shares.empty();
  };
  if (options.target == data::Target::kSingle) return TargetKind::kSingle;
  const bool is_multi = options.target == data::Target::kMulti ||
                        !options.label_separator.empty() ||
                        std::any_of(train.begin(), train.end(), has_list) ||
                        std::any_of(valid.begin(), valid.end(), has_list);
  return is_multi ? TargetKind::kMulti : TargetKind::kSingle;
}

// A single list among single labels is a slip more often than a wish, and changes the whole model.
void warn_of_rare_lists(const data::CorpusOptions& options,
                        const std::vector<data::Record>& records,
                        const std::vector<std::string>& files) {
  if (options.target != data::Target::kAuto || !options.label_separator.empty()) return;
  const auto has_list = [](const data::Record& record) { return record.has_list; };
  const auto lists = std::count_if(records.begin(), records.end(), has_list);
  if (lists == 0 || 2 * static_cast<std::size_t>(lists) >= records.size()) return;
  const auto first = std::find_if(records.begin(), records.end(), has_list);
  log_warning("only " + count_of(static_cast<std::size_t>(lists)) + " of " +
              count_of(records.size()) + " rows have a list of labels, the first at " +
              data::place_of(*first, files) +
              ": the model gives several labels; --target single takes them for single ones");
}

void check_labels(const TrainingRows& rows, const std::string& file) {
  if (rows.target == metrics::TargetKind::kMulti) {
    if (rows.labels.empty()) throw Error("no row has a label", file);
  } else if (rows.labels.size() < 2) {
    throw Error("every row has the label \"" + printable(rows.labels[0]) + "\"", file,
                "Training needs at least two labels");
  }
}

void log_rows(const TrainingRows& rows) {
  std::string text = count_of(rows.train.texts.size()) + " training rows, ";
  if (rows.folds.empty()) text += count_of(rows.valid.texts.size()) + " validation rows, ";
  text += count_of(rows.labels.size()) + " labels";
  if (rows.target == metrics::TargetKind::kMulti) {
    std::size_t given = 0;
    for (const auto& labels : rows.train.labels) given += labels.size();
    const auto texts = static_cast<double>(std::max<std::size_t>(1, rows.train.texts.size()));
    text += ", " + format_fixed(static_cast<double>(given) / texts, 2) +
            " of them a row: the model gives several labels";
  }
  log_info(text);
}

}  // namespace

TrainingRows read_training_rows(const TrainingFiles& files, std::int64_t seed, bool keeps_places,
                                const ParallelFor& threads) {
  check_standard_input(files);
  std::vector<data::Record> valid;
  data::CorpusOptions training_corpus = files.corpus;
  training_corpus.read_shares_from(files.soft_label_column);
  std::vector<data::Record> records = read_files(files.train, training_corpus, threads);
  if (records.empty()) throw Error("there are no training rows", files.train[0]);
  if (!files.valid.empty()) {
    valid = read_files(files.valid, validation_corpus(files), threads);
    if (valid.empty()) throw Error("there are no validation rows", files.valid[0]);
  }
  TrainingRows rows;
  rows.labels = data::label_set(records);
  rows.target = target_of(files.corpus, records, valid);
  check_labels(rows, files.train[0]);
  if (rows.target == metrics::TargetKind::kMulti) {
    warn_of_rare_lists(files.corpus, records, files.train);
  }
  for (data::Record& record : valid) take(record, files.valid, keeps_places, rows.valid);
  const auto split_seed = static_cast<std::uint64_t>(seed);
  std::vector<bool> in_valid(records.size(), false);
  const int parts = parts_for(files, records);
  if (parts > 1) {
    rows.folds = data::split_into_folds(records, parts, split_seed);
    if (rows.parts() == 1) rows.folds.clear();
  }
  if (rows.folds.empty() && files.valid.empty() && files.valid_share > 0) {
    const data::Split split = data::split_for_validation(records, files.valid_share, split_seed);
    for (std::int64_t row : split.valid) in_valid[static_cast<std::size_t>(row)] = true;
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    take(records[i], files.train, keeps_places, in_valid[i] ? rows.valid : rows.train);
  }
  log_rows(rows);
  return rows;
}

int TrainingRows::parts() const {
  return folds.empty() ? 1 : 1 + *std::max_element(folds.begin(), folds.end());
}

std::uint64_t TrainingRows::fingerprint() const {
  std::uint64_t hash = hash_of({train.texts.size(), valid.texts.size()});
  for (const Rows* rows : {&train, &valid}) {
    for (const std::string& text : rows->texts) hash = hash_of(text, hash);
    for (const std::vector<std::string>& names : rows->labels) {
      for (const std::string& name : names) hash = hash_of(name, hash);
      hash = hash_of({hash, names.size()});
    }
    for (const std::vector<float>& row : rows->shares) {
      for (const float share : row) hash = hash_of({hash, std::bit_cast<std::uint32_t>(share)});
    }
  }
  for (const int fold : folds) hash = hash_of({hash, static_cast<std::uint64_t>(fold)});
  return hash;
}

TrainingRows TrainingRows::without_fold(int fold) const {
  TrainingRows part;
  part.labels = labels;
  part.target = target;
  for (std::size_t i = 0; i < folds.size(); ++i) {
    Rows& side = folds[i] == fold ? part.valid : part.train;
    side.texts.push_back(train.texts[i]);
    side.labels.push_back(train.labels[i]);
    side.shares.push_back(train.shares[i]);
    if (!train.places.empty()) side.places.push_back(train.places[i]);
  }
  return part;
}

void EncodedRows::log() const {
  log_info("vocabulary of " + format_count(tokenizer->size()) + " tokens");
  const auto warn_of_truncated = [](std::int64_t truncated, std::size_t of) {
    if (truncated == 0) return;
    log_warning(format_count(truncated) + " of " + count_of(of) +
                " documents are longer than --max-length and were truncated");
  };
  warn_of_truncated(truncated_train, train.size());
  warn_of_truncated(truncated_valid, valid.size());
  if (unknown_valid > 0) {
    log_warning(format_count(unknown_valid) +
                " validation rows have a label that no training row has");
  }
}

EncodedRows encode_rows(const TrainingRows& rows, text::TextOptions& options,
                        std::shared_ptr<const text::Tokenizer> tokenizer,
                        const ParallelFor& threads) {
  EncodedRows encoded;
  encoded.tokenizer =
      tokenizer ? std::move(tokenizer) : text::train_tokenizer(options, rows.train.texts, threads);
  const text::Pipeline pipeline(options, encoded.tokenizer);
  const data::LabelIndex index(rows.labels);
  const std::set<std::string> learnt = labels_in(rows.train);
  Encoding train = encode(rows.train, index, learnt, pipeline, threads);
  Encoding valid = encode(rows.valid, index, learnt, pipeline, threads);
  encoded.train = std::move(train.documents);
  encoded.valid = std::move(valid.documents);
  encoded.truncated_train = train.truncated;
  encoded.truncated_valid = valid.truncated;
  encoded.unknown_valid = valid.unknown;
  return encoded;
}

}  // namespace fastformer::apps
