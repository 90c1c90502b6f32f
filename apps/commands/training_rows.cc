// Reading and splitting of training rows.
#include "commands/training_rows.h"

#include <fastformer/error.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "base/strings.h"
#include "data/corpus_reader.h"
#include "data/label_lists.h"
#include "data/labels.h"
#include "data/split.h"
#include "data/stored_rows.h"

namespace fastformer::apps {
namespace {

using Store = std::shared_ptr<const data::RowStore>;

std::string count_of(std::size_t count) { return format_count(static_cast<std::int64_t>(count)); }

void check_standard_input(const TrainingFiles& files) {
  const auto names_it = [](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), "-") != list.end();
  };
  if (names_it(files.train) && names_it(files.valid)) {
    throw usage_error("standard input cannot be both training and validation rows", "--valid");
  }
}

// Few rows leave a validation share of hundreds, too few to mix branches by: there each row is held
// out once, at the cost of as many trainings as there are parts.
int parts_for(const TrainingFiles& files, const data::RowStore& store) {
  constexpr std::size_t kFewestRows = 50, kFewRows = 8000, kFewBytes = 20'000'000;
  constexpr int kParts = 3;
  if (files.folds > 0) return files.folds;
  if (!files.valid.empty() || files.valid_share == 0) return 1;
  const bool few =
      store.size() >= kFewestRows && store.size() < kFewRows && store.text_bytes() < kFewBytes;
  return few ? kParts : 1;
}

// How the validation files are read.
data::CorpusOptions validation_corpus(const TrainingFiles& files) {
  data::CorpusOptions corpus = files.corpus;
  corpus.group_column.clear();  // groups matter where rows are split
  if (!files.soft_label_column.empty()) corpus.target = data::Target::kSingle;
  return corpus;
}

Store read(const std::vector<std::string>& files, const data::CorpusOptions& options,
           const io::CacheFolder& cache, const ParallelFor& threads) {
  auto store = std::make_shared<const data::RowStore>(
      data::stored_rows(files, options, /*needs_label=*/true, cache, threads));
  for (const std::string& line : store->report()) log_info(line);
  return store;
}

bool is_list(const data::RowStore& store, std::size_t row) {
  return store.has_list(row) && store.shares(row).empty();
}

bool has_lists(const Store& store) {
  for (std::size_t row = 0; store && row < store->size(); ++row) {
    if (is_list(*store, row)) return true;
  }
  return false;
}

metrics::TargetKind target_of(const data::CorpusOptions& options, const Store& train,
                              const Store& valid) {
  using metrics::TargetKind;
  if (options.target == data::Target::kSingle) return TargetKind::kSingle;
  const bool is_multi = options.target == data::Target::kMulti ||
                        !options.label_separator.empty() || has_lists(train) || has_lists(valid);
  return is_multi ? TargetKind::kMulti : TargetKind::kSingle;
}

// A single list among single labels is a slip more often than a wish, and changes the whole model.
void warn_of_rare_lists(const data::CorpusOptions& options, const data::RowStore& store,
                        const std::vector<std::string>& files) {
  if (options.target != data::Target::kAuto || !options.label_separator.empty()) return;
  std::size_t lists = 0, first = 0;
  for (std::size_t row = store.size(); row-- > 0;) {
    if (!store.has_list(row)) continue;
    ++lists;
    first = row;
  }
  if (lists == 0 || 2 * lists >= store.size()) return;
  log_warning("only " + count_of(lists) + " of " + count_of(store.size()) +
              " rows have a list of labels, the first at " + store.place_of(first, files) +
              ": the model gives several labels; --target single takes them for single ones");
}

// Labels that are lists, unparted, make each combination a label of its own.
void warn_of_unparted_lists(const data::CorpusOptions& options,
                            const std::vector<std::string>& labels) {
  if (options.target != data::Target::kAuto) return;
  const auto lists = data::find_label_lists(labels);
  if (!lists) return;
  log_warning(lists->describe(static_cast<std::int64_t>(labels.size())) + ": --label-separator \"" +
              lists->separator +
              "\" lets a row have several, --target single takes them as they are");
}

void check_labels(const TrainingRows& rows, const std::string& file) {
  if (rows.target == metrics::TargetKind::kMulti) {
    if (rows.labels.empty()) throw Error("no row has a label", file);
  } else if (rows.labels.size() < 2) {
    throw Error("every row has the label \"" + printable(rows.labels[0]) + "\"", file,
                "Training needs at least two labels. Check --label-column");
  }
}

void log_rows(const TrainingRows& rows) {
  std::string text = count_of(rows.train.size()) + " training rows, ";
  if (rows.folds.empty()) text += count_of(rows.valid.size()) + " validation rows, ";
  text += count_of(rows.labels.size()) + " labels";
  if (rows.target == metrics::TargetKind::kMulti) {
    std::size_t given = 0;
    for (std::size_t i = 0; i < rows.train.size(); ++i) given += rows.train.targets.of(i).size();
    const auto texts = static_cast<double>(std::max<std::size_t>(1, rows.train.size()));
    text += ", " + format_fixed(static_cast<double>(given) / texts, 2) +
            " of them a row: the model gives several labels";
  }
  log_info(text);
}

// The model's number of each of a store's labels; labels that the model does not have are numbered
// on from its own.
std::vector<std::int32_t> numbers_of(const data::RowStore& store, const data::LabelIndex& index,
                                     std::size_t labels) {
  std::vector<std::int32_t> numbers;
  auto unknown = static_cast<std::int32_t>(labels);
  for (const std::string& name : store.label_names()) {
    const int known = index.find(name);
    numbers.push_back(known >= 0 ? known : unknown++);
  }
  return numbers;
}

void take(const Store& store, std::size_t row, const std::vector<std::int32_t>& label_numbers,
          Rows& rows) {
  std::vector<std::int32_t> labels;
  for (const std::int32_t label : store->labels(row)) {
    labels.push_back(label_numbers[static_cast<std::size_t>(label)]);
  }
  if (labels.empty() && !store->has_list(row)) throw Error("a row has no label");
  rows.store = store;
  rows.numbers.push_back(row);
  rows.texts.push_back(store->text(row));
  rows.targets.add(labels, store->shares(row));
}

// Which rows of the training files are validation rows; settles rows.folds.
std::vector<bool> split(const TrainingFiles& files, const data::RowStore& store, std::int64_t seed,
                        TrainingRows& rows) {
  std::vector<bool> in_valid(store.size(), false);
  const int parts = parts_for(files, store);
  const bool takes_share = files.valid.empty() && files.valid_share > 0;
  if (parts <= 1 && !takes_share) return in_valid;
  const std::vector<std::uint64_t> keys = store.split_keys(static_cast<std::uint64_t>(seed));
  if (parts > 1) {
    rows.folds = data::split_into_folds(keys, parts);
    if (rows.parts() == 1) rows.folds.clear();
  }
  if (rows.folds.empty() && takes_share) {
    for (const std::int64_t row : data::split_for_validation(keys, files.valid_share).valid) {
      in_valid[static_cast<std::size_t>(row)] = true;
    }
  }
  return in_valid;
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

void Rows::add(const Rows& from, std::size_t row) {
  store = from.store;
  numbers.push_back(from.numbers[row]);
  texts.push_back(from.texts[row]);
  targets.add(from.targets.of(row), from.targets.shares_of(row));
}

TrainingRows read_training_rows(const TrainingFiles& files, std::int64_t seed,
                                const io::CacheFolder& cache, const ParallelFor& threads) {
  check_standard_input(files);
  data::CorpusOptions training_corpus = files.corpus;
  training_corpus.read_shares_from(files.soft_label_column);
  const Store store = read(files.train, training_corpus, cache, threads);
  if (store->size() == 0) throw data::has_none("training rows", files.train[0]);
  Store valid;
  if (!files.valid.empty()) {
    valid = read(files.valid, validation_corpus(files), cache, threads);
    if (valid->size() == 0) throw data::has_none("validation rows", files.valid[0]);
  }
  TrainingRows rows;
  rows.train_files = files.train;
  rows.valid_files = valid ? files.valid : files.train;
  rows.labels = data::in_label_order(store->label_names());
  rows.target = target_of(files.corpus, store, valid);
  check_labels(rows, files.train[0]);
  if (rows.target == metrics::TargetKind::kMulti) {
    warn_of_rare_lists(files.corpus, *store, files.train);
  } else {
    warn_of_unparted_lists(training_corpus, rows.labels);
  }
  const data::LabelIndex index(rows.labels);
  const std::vector<bool> in_valid = split(files, *store, seed, rows);
  const std::vector<std::int32_t> numbers = numbers_of(*store, index, rows.labels.size());
  for (std::size_t row = 0; row < store->size(); ++row) {
    take(store, row, numbers, in_valid[row] ? rows.valid : rows.train);
  }
  if (valid) {
    const std::vector<std::int32_t> valid_numbers = numbers_of(*valid, index, rows.labels.size());
    for (std::size_t row = 0; row < valid->size(); ++row) {
      take(valid, row, valid_numbers, rows.valid);
    }
  }
  log_rows(rows);
  return rows;
}

int TrainingRows::parts() const {
  return folds.empty() ? 1 : 1 + *std::max_element(folds.begin(), folds.end());
}

std::uint64_t TrainingRows::fingerprint() const {
  Digest digest;
  for (const Rows* side : {&train, &valid}) {
    const std::uint64_t facts[] = {side->store ? side->store->fingerprint() : 0, side->size()};
    digest.add_values(std::span<const std::uint64_t>(facts));
    digest.add_values(std::span<const std::size_t>(side->numbers));
  }
  digest.add_values(std::span<const int>(folds));
  return digest.value()[0];
}

TrainingRows TrainingRows::without_fold(int fold) const {
  TrainingRows part;
  part.labels = labels;
  part.target = target;
  part.train_files = part.valid_files = train_files;
  for (std::size_t i = 0; i < folds.size(); ++i) {
    (folds[i] == fold ? part.valid : part.train).add(train, i);
  }
  return part;
}

}  // namespace fastformer::apps
