// fastformer data listops: training, validation and test rows of ListOps.
#include <fastformer/error.h>

#include "base/strings.h"
#include "commands/commands.h"
#include "commands/output_folder.h"
#include "data/listops.h"
#include "io/files.h"
#include "report/table.h"

namespace fastformer::apps {
namespace {

constexpr char kUsage[] =
    "usage: fastformer data listops --output DIR [OPTIONS]\n\n"
    "Writes train.csv, valid.csv and test.csv with expressions such as [MAX 4 [SM 7 5 ] 3 ] and\n"
    "their values, drawn as the Long Range Arena draws them. No expression stands there twice.\n"
    "The same options give the same bytes; test and validation rows do not depend on\n"
    "--train-rows.\n";

struct DataListOpsOptions {
  data::ListOpsOptions rows;
  std::string output;

  void describe(config::OptionSet& options) {
    options.group("Files").add("output", &output, "DIR", "folder to write; must not exist");
    rows.describe(options);
  }
};

// Writes the next `rows` expressions; returns the tokens in them.
std::int64_t write_rows(const std::string& path, std::int64_t rows, data::ListOps& listops) {
  constexpr std::size_t kChunk = std::size_t{1} << 20;
  io::OutputFile file(path);
  std::string bytes = "text,label\n";
  std::int64_t tokens = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    const data::Expression& expression = listops.next();
    tokens += expression.length;
    bytes += expression.text + "," + std::to_string(expression.value) + "\n";
    if (bytes.size() < kChunk) continue;
    file.write(bytes);
    bytes.clear();
  }
  file.write(bytes);
  file.close();
  return tokens;
}

}  // namespace

int run_data_listops(Arguments arguments) {
  DataListOpsOptions options;
  config::OptionSet set;
  options.describe(set);
  if (parse_or_help(set, arguments, kUsage)) return kDone;
  require(options.output, "--output");
  data::ListOps listops(options.rows);
  using report::Align;
  report::Table table({{""}, {"rows", Align::kRight}, {"tokens a row", Align::kRight}});
  make_output_folder(options.output, ".part", [&](const io::WorkFolder& folder) {
    for (const auto& [name, rows] : {std::pair("test.csv", options.rows.test_rows),
                                     {"valid.csv", options.rows.valid_rows},
                                     {"train.csv", options.rows.train_rows}}) {
      const std::int64_t tokens = write_rows(folder.file(name), rows, listops);
      table.add_row({name, format_count(rows),
                     format_fixed(static_cast<double>(tokens) / static_cast<double>(rows), 0)});
    }
  });
  print(table.text());
  return kDone;
}

}  // namespace fastformer::apps
