// Asks for the device and opens the files.
#include "commands/compare_needs.h"

#include <fastformer/error.h>

#include "io/files.h"
#include "io/input_stream.h"
#include "learn/device.h"

namespace fastformer::apps {
namespace {

void require_file(const std::string& path) {
  const io::FileStatus status = io::status_of(path);
  if (!status.exists) throw Error("there is no such file", path, "Check its name and folder");
  if (status.is_directory) {
    io::list_directory(path);
    return;
  }
  if (!status.is_regular) {
    throw Error("is no file on a disk, and every training reads it", path, "Write it to one");
  }
  io::open_input(path);
}

}  // namespace

void require_common_needs(const CompareOptions& options) {
  learn::device_named(options.train.training.device);
  const TrainingFiles& files = options.train.files;
  for (const auto& paths :
       {files.train, files.valid, options.test, options.train.files_beside_rows()}) {
    for (const std::string& path : paths) {
      if (!path.empty()) require_file(path);
    }
  }
}

}  // namespace fastformer::apps
