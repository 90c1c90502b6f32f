// Commits or discards the working folder.
#include "commands/model_output.h"

#include "base/log.h"
#include "model/folder.h"

namespace fastformer::apps {

void make_model_folder(const std::string& path,
                       const std::function<void(const io::WorkFolder&)>& write) {
  io::WorkFolder folder(path, model::kTrainingSuffix);
  try {
    write(folder);
  } catch (...) {
    folder.discard();
    throw;
  }
  folder.commit();
  log_info("wrote " + folder.final_path());
}

}  // namespace fastformer::apps
