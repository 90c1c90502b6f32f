// Commits or discards the working folder.
#include "commands/output_folder.h"

#include "base/log.h"
#include "model/folder.h"

namespace fastformer::apps {

void make_output_folder(const std::string& path, const std::string& suffix,
                        const std::function<void(const io::WorkFolder&)>& write) {
  io::WorkFolder folder(path, suffix);
  try {
    write(folder);
  } catch (...) {
    folder.discard();
    throw;
  }
  folder.commit();
  log_info("wrote " + folder.final_path());
}

void make_model_folder(const std::string& path,
                       const std::function<void(const io::WorkFolder&)>& write) {
  make_output_folder(path, model::kTrainingSuffix, write);
}

}  // namespace fastformer::apps
