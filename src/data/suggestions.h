// Settings of a training that the facts about a corpus speak for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/corpus_check.h"
#include "data/group_column.h"

namespace fastformer::data {

struct Suggestion {
  std::string flag;
  std::string value;   // empty for a switch
  std::string reason;  // a sentence without the full stop
};

// What to set other than the default of fastformer train, in the order of its help; nothing where
// the defaults suit. `stripped` says that the facts are about texts without their tags.
std::vector<Suggestion> suggestions(const CorpusFacts& facts,
                                    const std::optional<GroupColumn>& group, bool stripped);

// What a person should look at before training, a sentence each.
std::vector<std::string> remarks(const CorpusFacts& facts);

}  // namespace fastformer::data
