// What wraps a network's names in a file is found where one reading fits.
#include "../../include/qrs/nn/fit_names.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../../include/qrs/nn/layers.hpp"
#include "../contains.hpp"
#include "../error_message.hpp"

using namespace qrs;
using tests::contains;

namespace {

struct Small : nn::Module<float> {
  nn::Conv2d<float> stem{*this, "stem", {.in = 1, .out = 2, .kernel = 3}};
  nn::BatchNorm2d<float> norm{*this, "norm", {.channels = 2}};
  nn::Linear<float> head{*this, "head", {.in = 2, .out = 3}};
};

const nn::StateRules rules{.rename = {}, .first_convolution = "stem.weight", .head = "head."};

/// The network's entries, each name changed.
template <class Change>
io::StateDict changed(const Change& change) {
  Small net;
  io::StateDict out;
  for (const auto& [name, entry] : nn::state_dict(net)) {
    const std::string now = change(name);
    if (!now.empty()) out.add(now, entry);
  }
  return out;
}
io::StateDict prefixed(const std::string& prefix) {
  return changed([&](const std::string& name) { return prefix + name; });
}
void add_all(io::StateDict& to, const io::StateDict& from) {
  for (const auto& [name, entry] : from) to.add(name, entry);
}

nn::NameFit fit(const io::StateDict& dict) {
  Small net;
  return nn::fit_names(net, dict, rules);
}
bool loads(const nn::NameFit& fit) {
  Small net;
  return nn::load(static_cast<nn::Module<float>&>(net), fit.dict, {}, rules).complete();
}

}  // namespace

TEST_CASE("prefixes of wrappers and their combinations are taken off, and said to be") {
  for (const std::string prefix : {"module.", "_orig_mod.", "model.", "encoder.", "backbone.", "module.model.",
                                   "_orig_mod.module.", "model.backbone.net.", "student."}) {
    CAPTURE(prefix);
    const nn::NameFit found = fit(prefixed(prefix));
    CHECK(found.whole);
    CHECK(found.prefix == prefix);
    CHECK(loads(found));
    CHECK(contains(found.notices.front(), "'" + prefix + "'"));
  }
}

TEST_CASE("names that are the network's stay as they are, without a word") {
  const nn::NameFit found = fit(prefixed(""));
  CHECK(found.prefix.empty());
  CHECK(found.notices.empty());
  CHECK(loads(found));
}

TEST_CASE("a wrapper inside the names is found too") {
  CHECK(loads(fit(
      changed([](const std::string& name) { return std::string(name).insert(name.find('.') + 1, "_orig_mod."); }))));
  CHECK(loads(fit(changed([](const std::string& name) {
    return "module." + (name.starts_with("head") ? "head._orig_mod." + name.substr(5) : name);
  }))));
}

TEST_CASE("a head outside of the prefix is taken along, other entries are left out by name") {
  io::StateDict dict =
      changed([](const std::string& name) { return name.starts_with("head") ? name : "encoder." + name; });
  dict.add("criterion.weight", Tensor<float>::zeros({3}));
  const nn::NameFit found = fit(dict);
  CHECK(found.whole);
  CHECK(loads(found));
  CHECK(contains(found.notices.back(), "criterion.weight"));
}

TEST_CASE("a body alone is a reading, whatever heads the file has") {
  const nn::NameFit found = fit(changed([](const std::string& name) {
    return name.starts_with("head") ? "projector." + name.substr(5) : "module.encoder." + name;
  }));
  CHECK(found.whole);
  CHECK(found.prefix == "module.encoder.");
}

TEST_CASE("two equal readings are a question") {
  io::StateDict dict = prefixed("model.");
  add_all(dict, prefixed("ema."));
  const std::string message = tests::error_message([&] { fit(dict); });
  CHECK(contains(message, "under 2 prefixes: 'model.', 'ema.'"));
  CHECK(contains(message, "--strip-prefix model."));
}

TEST_CASE("most of a network is a reading for a message; nothing of it comes back as it is") {
  const nn::NameFit most =
      fit(changed([](const std::string& name) { return name == "stem.bias" ? "" : "module." + name; }));
  CHECK_FALSE(most.whole);
  CHECK(most.prefix == "module.");
  CHECK(contains(tests::error_message([&] { loads(most); }), "1 missing: stem.bias"));
  const nn::NameFit none = fit(changed([](const std::string& name) { return "a_" + name; }));
  CHECK_FALSE(none.whole);
  CHECK(none.dict.size() == 9);
}

TEST_CASE("a load of nothing is an error, whatever may be missing") {
  Small net;
  const io::StateDict other = changed([](const std::string& name) { return "a_" + name; });
  CHECK(
      contains(tests::error_message([&] { nn::load(net, other, {.allow_missing = true}); }), "of which nothing fits"));
}
