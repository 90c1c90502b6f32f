// What a model card says, and that nothing in it can break its layout.
#include "model/model_card.h"

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "model/schema.h"
#include "model/small_model.h"

namespace fastformer::model {
namespace {

using testing::HasSubstr;
using testing::Not;

CardFacts small_facts() {
  CardFacts facts;
  facts.name = "news-model";
  facts.config = small_config();
  facts.metrics = {{"test", {{"accuracy", 0.91234}, {"examples", 12221}, {"confusion", {1, 2}}}}};
  facts.training_command = "fastformer train --train a.csv --output news-model";
  return facts;
}

TEST(ModelCardTest, SaysWhatTheModelIsAndHowToUseIt) {
  const std::string card = model_card(small_facts());
  EXPECT_THAT(card, testing::StartsWith("---\n"));
  EXPECT_THAT(card, HasSubstr("# news-model\n"));
  EXPECT_THAT(card, HasSubstr("3 labels"));
  EXPECT_THAT(card, HasSubstr("fastformer predict --model news-model --input"));
  EXPECT_THAT(card, HasSubstr("    fastformer train --train a.csv --output news-model\n"));
  EXPECT_THAT(card, HasSubstr("| test.accuracy | 0.9123 |"));
  EXPECT_THAT(card, HasSubstr("| test.examples | 12,221 |"));
  EXPECT_THAT(card, Not(HasSubstr("confusion")));
  EXPECT_THAT(card, HasSubstr("| max-length | 3 |"));
  EXPECT_EQ(card.back(), '\n');
}

TEST(ModelCardTest, CountsAndNamesBothBranches) {
  CardFacts facts = small_facts();
  const auto parameters = [&facts] {
    return format_count(stored_numbers_of(facts.config)) + " parameters";
  };
  const std::string alone = parameters();
  EXPECT_THAT(model_card(facts), HasSubstr(alone));
  EXPECT_THAT(model_card(facts), Not(HasSubstr("wide branch")));
  facts.config.wide.present = true;
  facts.config.wide.features = 1200;
  EXPECT_NE(parameters(), alone);
  EXPECT_THAT(model_card(facts), HasSubstr(parameters()));
  EXPECT_THAT(model_card(facts), HasSubstr("over 1,200 n-grams of the whole text, has its say.\n"));
  facts.config.wide.encoder_share = 0.347;
  EXPECT_THAT(model_card(facts),
              HasSubstr("has its say: the encoder's share of the answer is 35 %."));
}

TEST(ModelCardTest, LeavesOutWhatIsNotKnown) {
  CardFacts facts = small_facts();
  facts.metrics = nullptr;
  facts.training_command.clear();
  facts.has_tokenizer = false;
  const std::string card = model_card(facts);
  EXPECT_THAT(card, Not(HasSubstr("## Measured")));
  EXPECT_THAT(card, Not(HasSubstr("## Training")));
  EXPECT_THAT(card, HasSubstr("--token-ids"));
}

TEST(ModelCardTest, APretrainedEncoderIsToBeginWith) {
  CardFacts facts = small_facts();
  facts.config.task = kPretraining;
  facts.config.labels.clear();
  const std::string card = model_card(facts);
  EXPECT_THAT(card, HasSubstr("pipeline_tag: fill-mask\n"));
  EXPECT_THAT(card, HasSubstr("    fastformer train --init-from news-model --train"));
  EXPECT_THAT(card, Not(HasSubstr("predict")));
  EXPECT_THAT(card, Not(HasSubstr("abels\n")));
}

TEST(ModelCardTest, ShowsAtMostAHundredLabels) {
  CardFacts facts = small_facts();
  facts.config.labels.clear();
  for (int i = 0; i < 250; ++i) facts.config.labels.push_back("label" + std::to_string(i));
  const std::string card = model_card(facts);
  EXPECT_THAT(card, HasSubstr("label99 and 150 more"));
  EXPECT_THAT(card, Not(HasSubstr("label100")));
}

TEST(ModelCardTest, StrangeTextKeepsToItsPlace) {
  CardFacts facts = small_facts();
  const std::size_t lines = split(model_card(facts), '\n').size();
  facts.name = "a b'c\nd";
  facts.training_command = "fastformer train --output 'x\ny'";
  facts.config.labels = {"a|b", "# x\n## y", "<script>"};
  facts.metrics = {{"test", {{"a|b\n", 1.0}, {"z", 2}}}};
  const std::string card = model_card(facts);
  EXPECT_EQ(split(card, '\n').size(), lines);
  EXPECT_EQ(shell_word("a-b_c./9"), "a-b_c./9");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_THAT(card, HasSubstr("--model 'a b'\\''c"));
  EXPECT_THAT(card, HasSubstr("\\<script\\>"));
  EXPECT_THAT(card, HasSubstr("a\\|b"));
}

}  // namespace
}  // namespace fastformer::model
