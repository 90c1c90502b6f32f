// Word vectors that others have trained, from a text file.
#pragma once

#include <fastformer/error.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace fastformer::text {

struct WordVectors {
  std::vector<std::int64_t> ids;  // of the words that were found, in the order of the file
  std::vector<float> values;      // [ids, width]
  std::int64_t words = 0;         // in the file
  std::int64_t promised = 0;      // by its header; 0 without one
};

// The file's vectors have another width than is wanted. The message ends with what is wrong: what
// to do about it is for whoever knows what else depends on the width.
class OtherWidth : public Error {
 public:
  OtherWidth(std::int64_t found, std::int64_t wanted, const std::string& where);
  std::int64_t found() const { return found_; }

 private:
  std::int64_t found_;
};

// Reads the vectors of the words in `wanted`, which maps them to ids. A line is a word and `width`
// numbers, parted by blanks (GloVe); a first line with two whole numbers, of words and width, is a
// header (.vec). A word may hold blanks; of a word that comes twice the first counts. `path` may
// end in .gz or .zst. Throws errors that name file and line: OtherWidth, and an Error for vectors
// of wanted words that are not numbers.
WordVectors read_word_vectors(const std::string& path,
                              const std::unordered_map<std::string, std::int64_t>& wanted,
                              std::int64_t width);

}  // namespace fastformer::text
