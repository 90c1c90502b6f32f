// What tells one encoder from another without torch: its own options and its tensors.
#pragma once

#include <fastformer/error.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/options.h"

namespace fastformer::model {

struct ModelConfig;
class TensorTable;

// Where the tensors are that an encoder's layers share.
inline constexpr const char* kSharedPrefix = "encoder.shared.";

// An encoder's own options: a value behind an interface.
class EncoderChoices {
 public:
  virtual ~EncoderChoices() = default;

  virtual void describe(config::OptionSet& options) = 0;
  // Throws a usage error that names the option when choices do not fit together.
  virtual void validate(const ModelConfig&) const {}
  // A layer's tensors, their names after `prefix` ("encoder.layer.0.attention."), but for the
  // output product, which all encoders have.
  virtual void add_layer(TensorTable& table, const std::string& prefix,
                         const ModelConfig& config) const = 0;
  // Tensors that all layers share, their names after kSharedPrefix.
  virtual void add_shared(TensorTable&, const ModelConfig&) const {}

  virtual std::unique_ptr<EncoderChoices> copy() const = 0;
  // Takes over the values of choices of the same class; options stay bound to this object.
  virtual void assign(const EncoderChoices& other) = 0;

 protected:
  EncoderChoices() = default;
  EncoderChoices(const EncoderChoices&) = default;
  EncoderChoices& operator=(const EncoderChoices&) = default;
};

// What a struct of options is derived from: ChoicesOf<itself>.
template <typename Self>
class ChoicesOf : public EncoderChoices {
 public:
  std::unique_ptr<EncoderChoices> copy() const override {
    return std::make_unique<Self>(static_cast<const Self&>(*this));
  }
  void assign(const EncoderChoices& other) override {
    static_cast<Self&>(*this) = static_cast<const Self&>(other);
  }
};

// An encoder that a program has beside fastformer.
struct EncoderKind {
  std::string name;
  std::unique_ptr<EncoderChoices> (*choices)();  // with their defaults
};

// Makes encoders known to the program, those that it does not know already. To be called while one
// thread runs and before the first ModelConfig is made.
void add_encoders(const std::vector<EncoderKind>& kinds);

// What `encoder` may be in this program.
std::vector<std::string> encoder_names();

// Thrown for a model whose encoder this program does not know: another one may.
class UnknownEncoder : public Error {
 public:
  // Names the encoder, the known ones and `where`, a file or an option.
  UnknownEncoder(std::string name, const std::string& where, ErrorKind kind);

  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

// Choices for each of the program's encoders but fastformer.
class OtherChoices {
 public:
  OtherChoices();
  OtherChoices(const OtherChoices& other);
  // Value by value, so that options that are bound stay bound.
  OtherChoices& operator=(const OtherChoices& other);
  ~OtherChoices() = default;

  // nullptr for a name that is none of theirs.
  EncoderChoices* find(std::string_view name);
  const EncoderChoices* find(std::string_view name) const;
  void describe(config::OptionSet& options);

 private:
  std::vector<std::pair<std::string, std::unique_ptr<EncoderChoices>>> choices_;
};

// Throws a usage error when the user has set an option in `given` that belongs to another encoder
// than the configuration's.
void refuse_options_of_others(const ModelConfig& config, const config::OptionSet& given);

}  // namespace fastformer::model
