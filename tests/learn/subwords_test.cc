// Words made of subwords: gradients, and that folding changes no result.
#include "learn/subwords.h"

#include <fastformer/error.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "gradient_check.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

constexpr std::int64_t kTableRows = 9;

// Ids 0 and 3 have no subwords; the others one to four, some twice.
text::SubwordLists some_lists(std::int64_t vocabulary) {
  text::SubwordLists lists;
  Random random(4);
  for (std::int64_t id = 0; id < vocabulary; ++id) {
    for (std::int64_t n = 0; n <= id % 4 && id % 3 != 0; ++n) {
      lists.rows.push_back(static_cast<std::int32_t>(random.below(kTableRows)));
    }
    lists.offsets.push_back(static_cast<std::int64_t>(lists.rows.size()));
  }
  return lists;
}

class SubwordsTest : public testing::Test {
 protected:
  SubwordsTest()
      : classifier_(small_config(), 5, at::kDouble),
        lists_(some_lists(small_config().vocabulary)),
        subwords_(lists_, kTableRows, classifier_.parameters(), 5) {
    spread_parameters(classifier_);
  }

  const at::Tensor& words() const { return classifier_.parameters().at("embedding.word.weight"); }

  Classifier classifier_;
  text::SubwordLists lists_;
  Subwords subwords_;
  const at::Tensor ids_ = at::tensor(std::vector<std::int64_t>{4, 0, 7, 4, 29, 3, 4, 7}, at::kLong);
};

TEST_F(SubwordsTest, AVectorIsTheWordsRowAndTheMeanOfItsSubwords) {
  const at::Tensor found = subwords_.lookup(words(), ids_);
  for (std::int64_t i = 0; i < ids_.numel(); ++i) {
    const auto id = static_cast<std::size_t>(ids_[i].item<std::int64_t>());
    at::Tensor expected = words()[static_cast<std::int64_t>(id)].clone();
    const std::int64_t begin = lists_.offsets[id], end = lists_.offsets[id + 1];
    for (std::int64_t n = begin; n < end; ++n) {
      expected = expected + subwords_.table()[lists_.rows[static_cast<std::size_t>(n)]] /
                                static_cast<double>(end - begin);
    }
    EXPECT_LT(difference(expected, found[i]), 1e-14) << id;
  }
}

TEST_F(SubwordsTest, GradientsEqualFiniteDifferencesAndAten) {
  const at::Tensor mixture = at::arange(8 * 12, at::kDouble).view({8, 12}).sin();
  const auto loss = [&] { return (subwords_.lookup(words(), ids_) * mixture).sum(); };
  check_gradient(words(), loss, "words");
  check_gradient(subwords_.table(), loss, "subwords");
  std::vector<at::Tensor> gradients;
  for (const bool aten : {false, true}) {
    classifier_.parameters().clear_gradients();
    const at::Tensor vectors = aten ? subwords_.lookup_by_aten(words(), ids_, TableGradient::kRows)
                                    : subwords_.lookup(words(), ids_);
    (vectors * mixture).sum().backward();
    for (const at::Tensor& tensor : {words(), subwords_.table()}) {
      ASSERT_TRUE(tensor.grad().is_sparse());
      gradients.push_back(tensor.grad());
    }
  }
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(at::equal(gradients[i]._indices(), gradients[i + 2]._indices()));
    EXPECT_LT(difference(gradients[i].to_dense(), gradients[i + 2].to_dense()), 1e-14);
  }
}

TEST_F(SubwordsTest, DenseGradientsHoldTheSparseOnes) {
  // Also where no word has subwords, and where there are no words.
  for (const at::Tensor& ids : {ids_, ids_.index({ids_.remainder(3) == 0}), ids_.slice(0, 0, 0)}) {
    const at::Tensor mixture =
        at::arange(ids.numel() * 12, at::kDouble).view({ids.numel(), 12}).sin();
    std::vector<at::Tensor> gradients;
    for (const TableGradient gradient : {TableGradient::kRows, TableGradient::kAll}) {
      classifier_.parameters().clear_gradients();
      (subwords_.lookup(words(), ids, gradient) * mixture).sum().backward();
      for (const at::Tensor& tensor : {words(), subwords_.table()}) {
        EXPECT_EQ(tensor.grad().is_sparse(), gradient == TableGradient::kRows);
        gradients.push_back(tensor.grad());
      }
    }
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_LT(difference(gradients[i].to_dense(), gradients[i + 2]), 1e-14);
    }
  }
}

TEST_F(SubwordsTest, RowsThatAreReadAreThoseWithAGradient) {
  subwords_.lookup(words(), ids_).sum().backward();
  const std::vector<std::int64_t> distinct = {0, 3, 4, 7, 29};
  EXPECT_TRUE(at::equal(at::tensor(subwords_.rows_of(distinct), at::kLong),
                        subwords_.table().grad()._indices()[0]));
}

TEST_F(SubwordsTest, FoldingChangesNoResultAndUnfoldingBringsAllBack) {
  Parameters& parameters = classifier_.parameters();
  const auto before = parameters.snapshot();
  const data::RaggedBatch batch = batch_of(random_documents({7, 0, 30, 2}));
  ForwardContext context;
  context.subwords = &subwords_;
  const at::Tensor with_subwords = classifier_.logits(batch, context);
  EXPECT_GT(difference(with_subwords, classifier_.logits(batch, {})), 1e-3);
  subwords_.fold(parameters);
  EXPECT_FALSE(parameters.contains(Subwords::kTable));
  EXPECT_EQ(parameters.names().size(), model::tensors_of(small_config()).size());
  EXPECT_LT(difference(with_subwords, classifier_.logits(batch, {})), 1e-12);
  subwords_.unfold(parameters);
  parameters.restore(before);
  EXPECT_EQ(difference(with_subwords, classifier_.logits(batch, context)), 0);
}

TEST_F(SubwordsTest, IdOutsideTheVocabularyIsAnError) {
  EXPECT_THROW(subwords_.lookup(words(), at::tensor(std::vector<std::int64_t>{30}, at::kLong)),
               Error);
  EXPECT_THROW(subwords_.lookup(words(), at::tensor(std::vector<std::int64_t>{-1}, at::kLong)),
               Error);
}

}  // namespace
}  // namespace fastformer::learn
