// BigBird (Zaheer et al., arXiv 2007.14062): blocks of tokens see global, near and random blocks.
#include <fastformer/error.h>

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "learn/encoders/attention_layer.h"
#include "learn/encoders/operations.h"
#include "learn/encoders/registry.h"
#include "learn/ops/scaled_attention.h"

namespace fastformer::learn {
namespace {

// The defaults are BIGBIRD-ITC's (appendix E.1, table 8).
struct BigBirdOptions : model::ChoicesOf<BigBirdOptions> {
  int block = 64;
  int global_blocks = 2;
  int window_blocks = 3;
  int random_blocks = 3;
  std::int64_t seed = 0;

  void describe(config::OptionSet& options) override {
    options.group("BigBird")
        .add("bigbird-block", &block, {1, 1 << 20}, "tokens of a block")
        .add("bigbird-global", &global_blocks, {0, 1024},
             "blocks that see all others and are seen by all: half of them begin a document, half "
             "end it")
        .add("bigbird-window", &window_blocks, {1, 1023},
             "blocks around a block that it sees, itself in the middle; odd")
        .add("bigbird-random", &random_blocks, {0, 1024}, "further blocks that a block sees")
        .add("bigbird-seed", &seed, {0, 1e15},
             "from which these are drawn, in each layer anew; with share-layers all layers see the "
             "same");
  }
  void validate(const model::ModelConfig&) const override {
    if (window_blocks % 2 == 1) return;
    throw usage_error("the window of " + std::to_string(window_blocks) + " blocks is even",
                      "bigbird-window", "A block stands in the middle of its window");
  }
  void add_layer(model::TensorTable& table, const std::string& prefix,
                 const model::ModelConfig& config) const override {
    table.query_key_value(prefix, config.encoder.width);
  }
  double operations(const model::ModelConfig& config, double length) const {
    const double width = config.encoder.width;
    const double blocks = 1.0 * global_blocks + window_blocks + random_blocks;
    return 3 * product_operations(width, width) +
           attention_operations(std::min(length, blocks * block), width);
  }

  int leading() const { return (global_blocks + 1) / 2; }
  int trailing() const { return global_blocks / 2; }
};

// Which blocks each block between the global ones sees in each head: a function of the number of
// blocks, the options and the name of the layer's tensors, which layers that share them have in
// common. Saved models are used with the blocks that they were trained with: this must not change.
class Plan {
 public:
  Plan(const BigBirdOptions& options, std::int64_t blocks, std::int64_t heads,
       const std::string& layer)
      : options_(options),
        blocks_(blocks),
        heads_(heads),
        seed_(hash_of(layer, static_cast<std::uint64_t>(options.seed))),
        middle_(std::max<std::int64_t>(0, blocks - options.global_blocks)) {
    for (std::int64_t block = first(); block < first() + middle_; ++block) {
      for (std::int64_t head = 0; head < heads; ++head) {
        seen_.push_back(blocks_seen(block, head));
        most_ = std::max(most_, static_cast<std::int64_t>(seen_.back().size()));
        least_ = std::min(least_, static_cast<std::int64_t>(seen_.back().size()));
      }
    }
  }

  // The blocks between the global ones.
  std::int64_t first() const { return options_.leading(); }
  std::int64_t middle() const { return middle_; }
  std::int64_t width() const { return most_; }  // blocks that a block sees, at most
  bool is_full() const { return middle_ == 0 || least_ == blocks_; }
  const std::vector<std::int64_t>& seen(std::int64_t place, std::int64_t head) const {
    return seen_[static_cast<std::size_t>(place * heads_ + head)];
  }

 private:
  std::vector<std::int64_t> blocks_seen(std::int64_t block, std::int64_t head) const {
    std::vector<std::int64_t> seen;
    const auto add = [&](std::int64_t other) {
      const bool is_new = std::find(seen.begin(), seen.end(), other) == seen.end();
      if (is_new) seen.push_back(other);
      return is_new;
    };
    for (std::int64_t i = 0; i < options_.leading(); ++i) add(i);
    for (std::int64_t i = blocks_ - options_.trailing(); i < blocks_; ++i) add(i);
    const std::int64_t side = options_.window_blocks / 2;
    const std::int64_t begin = std::max<std::int64_t>(0, block - side);
    const std::int64_t end = std::min(blocks_, block + side + 1);
    for (std::int64_t i = begin; i < end; ++i) add(i);
    const auto left = blocks_ - static_cast<std::int64_t>(seen.size());
    if (left <= options_.random_blocks) {
      for (std::int64_t i = 0; i < blocks_; ++i) add(i);
      return seen;
    }
    Random random(hash_of({seed_, static_cast<std::uint64_t>(blocks_),
                           static_cast<std::uint64_t>(block), static_cast<std::uint64_t>(head)}));
    for (int drawn = 0; drawn < options_.random_blocks;) {
      drawn += add(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(blocks_))));
    }
    return seen;
  }

  const BigBirdOptions& options_;
  std::int64_t blocks_, heads_;
  std::uint64_t seed_;
  std::int64_t middle_;
  std::vector<std::vector<std::int64_t>> seen_;  // [middle * heads]
  std::int64_t most_ = 0;
  std::int64_t least_ = blocks_;
};

// The blocks that queries see, side by side.
struct SeenBlocks {
  at::Tensor rows;  // int64 [middle * heads * width], of keys' blocks and heads in order
  at::Tensor mask;  // [middle, heads, 1, width * block]: 0, or kUnseen for what is not there

  SeenBlocks(const Plan& plan, std::int64_t heads, std::int64_t block, std::int64_t length)
      : rows(at::zeros({plan.middle(), heads, plan.width()}, at::kLong)),
        mask(at::full({plan.middle(), heads, 1, plan.width() * block}, kUnseen, at::kFloat)) {
    auto* row = rows.mutable_data_ptr<std::int64_t>();
    auto* open = mask.mutable_data_ptr<float>();
    for (std::int64_t place = 0; place < plan.middle(); ++place) {
      for (std::int64_t head = 0; head < heads; ++head) {
        const std::vector<std::int64_t>& seen = plan.seen(place, head);
        for (std::size_t i = 0; i < seen.size(); ++i) {
          row[i] = seen[i] * heads + head;
          const std::int64_t tokens = std::min(block, length - seen[i] * block);
          std::fill_n(open + static_cast<std::int64_t>(i) * block, tokens, 0.0F);
        }
        row += plan.width();
        open += plan.width() * block;
      }
    }
  }
};

// A block of queries beside all the blocks that it sees: linear in a document's length, but for the
// few global tokens, each of which sees the whole document.
class BigBird : public Encoder {
 public:
  BigBird(const model::ModelConfig& config, const BigBirdOptions& options)
      : options_(options), heads_(config.encoder.heads) {}

  at::Tensor mix(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                 const ForwardContext&) const override {
    return attention_layer(hidden, ragged, layer, heads_,
                           [&](const SameLength& x) { return attention(x, layer); });
  }

 private:
  at::Tensor attention(const SameLength& x, const Scope& layer) const {
    const std::int64_t block = options_.block, blocks = (x.length() + block - 1) / block;
    const Plan plan(options_, blocks, heads_, layer.prefix());
    if (plan.is_full()) return full_attention(x.query, x.key, x.value, layer.products());
    const std::int64_t begin = plan.first() * block;
    const std::int64_t end = std::min(x.length(), begin + plan.middle() * block);
    const auto globally = [&](std::int64_t from, std::int64_t to) {
      return full_attention(x.query.slice(1, from, to), x.key, x.value, layer.products());
    };
    std::vector<at::Tensor> parts;
    if (begin > 0) parts.push_back(globally(0, begin));
    parts.push_back(sparsely(x, plan, layer.products()).narrow(1, 0, end - begin));
    if (end < x.length()) parts.push_back(globally(end, x.length()));
    return at::cat(parts, 1);
  }

  // [documents, length, heads, e] to [documents, blocks, block, heads, e], the last block filled
  // up.
  at::Tensor in_blocks(const at::Tensor& rows) const {
    const std::int64_t block = options_.block, blocks = (rows.size(1) + block - 1) / block;
    const std::int64_t more = blocks * block - rows.size(1);
    return at::constant_pad_nd(rows, {0, 0, 0, 0, 0, more}).unflatten(1, {blocks, block});
  }

  // The blocks between the global ones: [documents, middle * block, heads, e].
  at::Tensor sparsely(const SameLength& x, const Plan& plan, at::ScalarType products) const {
    const std::int64_t documents = x.documents(), block = options_.block, middle = plan.middle();
    const SeenBlocks seen(plan, heads_, block, x.length());
    const at::Tensor query = in_blocks(x.query).narrow(1, plan.first(), middle);
    const at::Tensor mixed =
        scaled_attention(query.transpose(2, 3).flatten(0, 1), gathered(x.key, plan, seen),
                         gathered(x.value, plan, seen),
                         seen.mask.to(query.options()).repeat({documents, 1, 1, 1}), products);
    return mixed.unflatten(0, {documents, middle}).transpose(2, 3).flatten(1, 2);
  }

  // [documents * middle, heads, width * block, e].
  at::Tensor gathered(const at::Tensor& rows, const Plan& plan, const SeenBlocks& seen) const {
    const at::Tensor blocks = in_blocks(rows).transpose(2, 3).contiguous();
    const std::int64_t documents = blocks.size(0), per_document = blocks.size(1) * heads_;
    const at::Tensor begins = at::arange(documents, at::kLong) * per_document;
    const at::Tensor index = (begins.unsqueeze(1) + seen.rows.flatten()).flatten();
    return blocks.view({documents * per_document, -1})
        .index_select(0, index.to(rows.device()))
        .view({documents * plan.middle(), heads_, plan.width() * options_.block, -1});
  }

  BigBirdOptions options_;
  std::int64_t heads_;
};

}  // namespace

EncoderRow bigbird_encoder() { return encoder_row<BigBirdOptions, BigBird>("bigbird"); }

}  // namespace fastformer::learn
