// The installed API's Model, over a ModelFolder.
#include <fastformer/model.h>
#include <fastformer/version.h>

#include <utility>

#include "config/json_text.h"
#include "model/folder.h"
#include "text/repair.h"

namespace fastformer {

const char* library_version() { return kVersion; }

struct Model::Content {
  model::ModelFolder folder;
};

Model::Model(std::unique_ptr<const Content> content) : content_(std::move(content)) {}
Model::~Model() = default;
Model::Model(Model&& other) noexcept = default;
Model& Model::operator=(Model&& other) noexcept = default;

Model Model::open(const std::string& folder) {
  return Model(std::make_unique<const Content>(Content{model::ModelFolder::open(folder)}));
}

const std::vector<std::string>& Model::labels() const { return content_->folder.config().labels; }
bool Model::has_tokenizer() const { return content_->folder.tokenizer() != nullptr; }

std::vector<std::int32_t> Model::token_ids(std::string_view text) const {
  text::RepairCounts uncounted;
  return content_->folder.pipeline().encode(text::repair_text(text, uncounted)).ids;
}

std::int64_t Model::vocabulary() const { return content_->folder.config().vocabulary; }
std::int64_t Model::max_length() const { return content_->folder.config().text.max_length; }
std::int64_t Model::parameters() const { return content_->folder.parameters(); }

std::string Model::config_json() const {
  return config::json_text(content_->folder.config_document());
}

}  // namespace fastformer
