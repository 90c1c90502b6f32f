// Character n-grams by which words share what they learn; folded into the words when that is done.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "learn/parameters.h"
#include "text/subwords.h"

namespace fastformer::learn {

// In training a word's vector is its own row plus the mean of its subwords' rows (Bojanowski et
// al., 2017, section 3.2, with a mean for their sum). That is another way of writing the table of
// words, so the finished model has the sums as its rows and no subwords.
class Subwords {
 public:
  static constexpr const char* kTable = "embedding.subword.weight";

  // A fresh table [rows, width of the words] beside the word table of `parameters`, which it joins.
  Subwords(text::SubwordLists lists, std::int64_t rows, Parameters& parameters, std::uint64_t seed);

  // Vectors of ids (int64 [tokens], on the processor): [tokens, width]. `gradient`: of both tables.
  // Throws when an id is outside the vocabulary.
  at::Tensor lookup(const at::Tensor& words, const at::Tensor& ids,
                    TableGradient gradient = TableGradient::kRows) const;
  // The same from ATen operations and plain lookups, on any device.
  at::Tensor lookup_by_aten(const at::Tensor& words, const at::Tensor& ids,
                            TableGradient gradient) const;

  // Distinct rows that a lookup of `ids` (distinct) reads of the subword table.
  std::vector<std::int64_t> rows_of(std::span<const std::int64_t> ids) const;

  // Adds each word's mean to its row and takes the subword table out of the parameters.
  void fold(Parameters& parameters) const;
  // Puts the subword table back; the rows of the words stay as they are.
  void unfold(Parameters& parameters) const;

  const at::Tensor& table() const { return table_; }

 private:
  std::shared_ptr<const text::SubwordLists> lists_;
  at::Tensor table_;
};

}  // namespace fastformer::learn
