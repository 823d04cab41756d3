// Checkpoints and histories as files: whole round trips, and what is refused.
#include "qrs/train/checkpoint.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "../contains.hpp"
#include "../error_message.hpp"
#include "qrs/train/trainer.hpp"
#include "tiny.hpp"

namespace {

using qrs::Tensor;
using qrs::tests::error_message;
using qrs::tests::TemporaryFolder;
using qrs::train::Checkpoint;
using qrs::train::History;
using qrs::train::load_checkpoint;
using qrs::train::parse_history;

using qrs::tests::contains;

const History two_epochs = {{1, 0.001, 1.0 / 3.0, 0.5, 0.1, 1.0, 2.5}, {2, 0.0005, 0.25, 0.75, 1e-300, 0.0, 2.0}};

Checkpoint<float> example() {
  Checkpoint<float> c{.settings = {{"lr", "0.001"}, {"model", "t\"iny"}}, .history = two_epochs, .step = 7};
  c.network.add("w", Tensor<float>::full({2, 2}, 1.5F));
  c.best.add("w", Tensor<float>::full({2, 2}, 2.5F));
  c.optimizer.tensors["w/exp_avg"] = Tensor<float>::full({2, 2}, 0.1F);
  c.optimizer.numbers = {{"lr", 0.1}, {"w/step", 7.0}};
  c.plateau = {{"best", std::numeric_limits<double>::infinity()}, {"num_bad_epochs", 2.0}};
  c.early_stopping = {{"best", 0.3}, {"stopped_epoch", -1.0}};
  return c;
}

}  // namespace

TEST_CASE("a checkpoint comes back as it was written") {
  const TemporaryFolder folder;
  const std::string path = folder / "c.safetensors";
  const Checkpoint<float> c = example();
  save_checkpoint(path, c);
  const Checkpoint<float> back = load_checkpoint<float>(path);
  CHECK(back.settings == c.settings);
  CHECK(back.step == 7);
  REQUIRE(back.history.size() == 2);
  CHECK(back.history[0].same_numbers(c.history[0]));
  CHECK(back.history[1].same_numbers(c.history[1]));
  CHECK(back.network.at("w") == c.network.at("w"));
  CHECK(back.best.at("w") == c.best.at("w"));
  CHECK(back.optimizer.numbers == c.optimizer.numbers);
  CHECK(back.optimizer.tensors.at("w/exp_avg").data()[3] == 0.1F);
  CHECK(back.plateau == c.plateau);
  CHECK(back.early_stopping == c.early_stopping);
}

TEST_CASE("a file that is no whole checkpoint is refused, and the message names what is wrong") {
  const TemporaryFolder folder;
  const std::string path = folder / "c.safetensors";
  save_checkpoint(path, example());
  const qrs::io::StateDict good = qrs::io::read_safetensors(path);
  const auto said = [&](const auto& change) {
    qrs::io::StateDict dict = good;
    change(dict);
    qrs::io::write_safetensors(path, dict);
    return error_message([&] { load_checkpoint<float>(path); });
  };
  CHECK(said([](auto&) {}) == "no error");
  CHECK(
      contains(said([](auto& d) { d.metadata.clear(); }), "expected a file of the format 'qrs training checkpoint 1'"));
  CHECK(contains(said([](auto& d) { d.metadata.erase("history"); }), "expected 'history' in the metadata, got none"));
  CHECK(contains(said([](auto& d) { d.metadata["settings"] = "[1]"; }), "expected settings as a JSON object"));
  CHECK(contains(said([](auto& d) { d.metadata["settings"] = "{\"lr\":1}"; }), "expected a text for the setting 'lr'"));
  CHECK(contains(said([](auto& d) { d.metadata["history"] = "{}"; }), "expected the record of epoch 1"));
  CHECK(contains(said([](auto& d) { d.add("others/w", Tensor<float>::full({}, 1.0F)); }), "got 'others/w'"));
  CHECK(contains(said([](auto& d) { d.add("plateau/x", Tensor<float>::full({}, 1.0F)); }), "'plateau/x', got float32"));
  const auto number = [&](const char* name, double value) {
    return said([&](auto& d) { d.at(name) = qrs::io::Entry::from(Tensor<double>::full({}, value)); });
  };
  CHECK(
      contains(number("plateau/num_bad_epochs", 0.5), "expected a whole number from -1 for 'plateau/num_bad_epochs'"));
  CHECK(contains(number("optimizer.number/w/step", std::nan("")), "expected a whole number"));
  CHECK(contains(number("optimizer.number/w/step", 1e300), "expected a whole number"));
  CHECK(contains(number("early_stopping/best", std::nan("")), "expected a number for 'early_stopping/best'"));
  CHECK(contains(said([](auto& d) { d.at("step") = qrs::io::Entry::from(Tensor<std::int64_t>::full({}, -1)); }),
                 "expected a step >= 0, got -1"));
  const auto whole = qrs::io::read_file(path);
  qrs::io::write_file(path, std::span(whole).first(whole.size() / 2));
  CHECK(contains(error_message([&] { load_checkpoint<float>(path); }), path));
}

TEST_CASE("a damaged checkpoint is refused, in its weights and in its history") {
  const TemporaryFolder folder;
  const std::string path = folder / "c.safetensors";
  save_checkpoint(path, example());
  auto bytes = qrs::io::read_file(path);
  bytes.back() ^= std::byte{1};
  qrs::io::write_file(path, bytes);
  CHECK(contains(error_message([&] { load_checkpoint<float>(path); }), "the file is damaged"));
  Checkpoint<float> c = example();
  save_checkpoint(path, c);
  qrs::io::StateDict dict = qrs::io::read_safetensors(path);
  c.history[0].train_loss += 1.0;
  dict.metadata["history"] = json_lines(c.history);
  qrs::io::write_safetensors(path, dict);
  CHECK(contains(error_message([&] { load_checkpoint<float>(path); }), "the file is damaged"));
  dict.metadata.erase("sha256");  // written before there was one
  qrs::io::write_safetensors(path, dict);
  CHECK(error_message([&] { load_checkpoint<float>(path); }) == "no error");
}

TEST_CASE("a checkpoint of another network or optimiser is refused") {
  const TemporaryFolder folder;
  const auto data = qrs::tests::stripes(12);
  const qrs::train::Samples samples = qrs::train::all(data);
  qrs::tests::TinyNet net({.classes = 3, .in_channels = 1});
  qrs::train::FitOptions options{.epochs = 1, .batch_size = 6, .checkpoint_path = folder / "c.safetensors"};
  fit(net, samples, samples, options);
  const qrs::io::StateDict good = qrs::io::read_safetensors(options.checkpoint_path);
  options.resume = true;
  options.epochs = 2;
  const auto without = [&](const std::string& name) {
    qrs::io::StateDict dict;
    dict.metadata = good.metadata;
    dict.metadata.erase("sha256");
    for (const auto& [key, entry] : good) {
      if (key != name) dict.add(key, entry);
    }
    REQUIRE(dict.size() + 1 == good.size());
    qrs::io::write_safetensors(options.checkpoint_path, dict);
    return error_message([&] { fit(net, samples, samples, options); });
  };
  CHECK(contains(without("network/head.bias"), "1 missing: head.bias"));
  CHECK(contains(without("best/head.bias"), "1 missing: head.bias"));
  CHECK(contains(without("optimizer.tensor/head.bias/exp_avg"), "'head.bias/exp_avg'"));
  CHECK(contains(without("optimizer.number/lr"), "'lr'"));
  CHECK(contains(without("plateau/best"), "'best'"));
  CHECK(contains(without("early_stopping/wait"), "'wait'"));
  CHECK(contains(without("step"), "'step'"));
}

TEST_CASE("a history reads back digit for digit, and a broken one names its line") {
  const std::string lines = qrs::train::json_lines(two_epochs);
  const History back = parse_history(lines, "h");
  REQUIRE(back.size() == 2);
  CHECK(back[0].same_numbers(two_epochs[0]));
  CHECK(back[1].same_numbers(two_epochs[1]));
  CHECK(parse_history("", "h").empty());
  const std::string second = lines.substr(lines.find('\n') + 1);
  CHECK(error_message([&] {
          parse_history(second, "h");
        }).starts_with("[history] h, line 1: expected the record of epoch"));
  CHECK(error_message([&] {
          parse_history(lines.substr(0, lines.size() - 10), "h");
        }).starts_with("[history] h, line 2: expected the record of epoch 2"));
  std::string text = lines;
  text.replace(text.find("train_loss"), 10, "train_LOSS");
  CHECK(error_message([&] { parse_history(text, "h"); }) ==
        "[history] h, line 1: expected a number 'train_loss', got none");
}
