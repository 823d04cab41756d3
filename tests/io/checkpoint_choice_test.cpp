// Which mapping of a checkpoint is read, and what becomes of the objects of other programs beside it.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../../include/qrs/io/checkpoint.hpp"
#include "../contains.hpp"
#include "io_files.hpp"
#include "pickles.hpp"

using namespace qrs::io;
using namespace io_test::pickles;
using qrs::tests::contains;

namespace {

using Names = std::vector<std::string>;

FileContents read(const std::string& object, const std::string& key = "") {
  return parse_file(as_bytes(legacy_file(object)), "x.pth", TorchScope::state_dict, key);
}
std::string refusal_of(const std::string& object, const std::string& key = "") {
  return io_test::error_message([&] { read(object, key); });
}
std::string said(const FileContents& contents) {
  std::string out;
  for (const std::string& notice : contents.notices) out += notice + "\n";
  return out;
}

/// Objects of Python classes as programs leave them in checkpoints.
const std::string state = dict({{"lr", "K\x01"}});
const std::vector<std::pair<std::string, std::string>> foreign = {
    {"argparse.Namespace", "cargparse\nNamespace\n)\x81" + state + "b"},
    {"numpy._core.multiarray.scalar", "cnumpy._core.multiarray\nscalar\n(cnumpy\ndtype\n(" + unicode("f8") +
                                          "\x89\x88tR(K\x03" + unicode("<") + "NNNtbC\x08" + std::string(8, '\0') +
                                          "tR"},
    {"numpy.core.multiarray._reconstruct",
     "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85"
     "C\x01"
     "btR(K\x01K\x01\x85"
     "NtbC\x01"
     "bb"s},
    {"pytorch_lightning.utilities.parsing.AttributeDict",
     "cpytorch_lightning.utilities.parsing\nAttributeDict\n)\x81(" + unicode("lr") + "K\x01" + "u"},
    {"__builtin__.frozenset",
     "c__builtin__\nfrozenset\n(](K\x01K\x02"
     "etR"},
    {"__builtin__.complex", "c__builtin__\ncomplex\n(G" + std::string(8, '\0') + "G" + std::string(8, '\0') + "tR"},
    {"datetime.datetime",
     "cdatetime\ndatetime\n(C\x02"
     "ab"
     "tR"},
    {"torch.nn.modules.loss.CrossEntropyLoss",
     "ctorch.nn.modules.loss\nCrossEntropyLoss\n)\x81}" + unicode("training") + "\x88sb"},
    {"collections.deque",
     "ccollections\ndeque\n)R(K\x01K\x02"
     "e"},
    {"old.Style", "(iold\nStyle\n"},
    {"other.Style", "(cother\nStyle\nK\x01o"},
    {"named.Arguments", "cnamed\nArguments\n)}\x92"},
    {"a.Function", "ca\nFunction\n)R)R"},
};

}  // namespace

TEST_CASE("a lone tensor beside a state dict is not taken for the weights") {
  for (const auto& [name, lone] : {std::pair{"best_acc1"s, loss()}, std::pair{"loss"s, loss()},
                                   std::pair{"class_weights"s, tensor(4, 0, tuple({4}), tuple({1}))}}) {
    CAPTURE(name);
    const FileContents contents = read(dict({{"epoch", "K\x03"}, {"state_dict", weights()}, {name, lone}}));
    CHECK(contents.tensors.names() == Names{"w", "b"});
    CHECK(contents.others == Names{"epoch: int", name + ": tensor"});
    CHECK(contains(said(contents), name + ": tensor"));
    CHECK(contains(said(contents), "'state_dict'"));
  }
  CHECK(read(dict({{"my_network", weights()}, {"acc", loss()}})).tensors.names() == Names{"w", "b"});
  CHECK(read(dict({{"my_network", weights()}, {"metrics", dict({{"f1", loss()}})}})).tensors.size() == 2);
}

TEST_CASE("the state of a random generator is no weight") {
  const std::string bytes = tensor(16, 0, tuple({16}), tuple({1}), "ByteStorage");
  const io_test::TemporaryFolder folder;
  write_zip(folder / "x.pth", dict({{"rng_state", bytes}, {"cuda_rng_state", bytes}, {"net", weights()}}));
  CHECK(read_checkpoint(folder / "x.pth").names() == Names{"w", "b"});
}

TEST_CASE("a state dict beside loose tensors at the top stays the top where it holds the weights") {
  const FileContents contents = read(dict({{"w", weight()}, {"b", weight()}, {"epoch", "K\x03"}}));
  CHECK(contents.tensors.names() == Names{"w", "b"});
  const std::string moments = dict({{"exp_avg", weight()}, {"exp_avg_sq", weight()}});
  const std::string adam = dict({{"state", "}(K\0"s + moments + "u"}, {"param_groups", "]"}});
  CHECK(read(dict({{"w", weight()}, {"b", weight()}, {"adam", adam}})).tensors.names() == Names{"w", "b"});
  CHECK(read(dict({{"first", weights()}, {"adam", adam}, {"ema_sched", weights()}})).tensors.size() == 2);
}

TEST_CASE("nested mappings are found: two levels deep, in a tuple, beside a key that is no text") {
  CHECK(read(dict({{"checkpoint", dict({{"model", weights()}})}})).tensors.names() == Names{"w", "b"});
  CHECK(read(weights() + "K\x03\x86").tensors.names() == Names{"w", "b"});
  CHECK(read("](" + weights() +
             "K\x03"
             "e")
            .tensors.names() == Names{"w", "b"});
  CHECK(read("}(" + unicode("state_dict") + weights() + "NK\x01u").tensors.names() == Names{"w", "b"});
  CHECK(read(dict({{"a", dict({{"state_dict", weights()}})}})).others.empty());
  CHECK(contains(said(read(dict({{"a", dict({{"state_dict", weights()}, {"n", "K\x01"}})}}))), "'a.state_dict'"));
}

TEST_CASE("among equal mappings the reader asks, and a path of keys chooses") {
  const std::string two = dict({{"student", weights()}, {"teacher", dict({{"state.dict", weights()}})}});
  CHECK(contains(refusal_of(two), "got 'student', 'teacher.state.dict'; choose one by its key (--key "));
  CHECK(read(two, "student").tensors.size() == 2);
  CHECK(read(two, "teacher.state.dict").tensors.size() == 2);
  CHECK(contains(refusal_of(two, "tutor"), "expected a mapping 'tutor', got none; those of tensors are 'student'"));
  CHECK(read("](" + weights() + weights() + "e", "1").tensors.size() == 2);
  CHECK(read(dict({{"model", weights()}, {"model_ema", weights()}})).tensors.size() == 2);
}

TEST_CASE("objects of Python classes are left out by name, and the weights are read") {
  for (const auto& [name, object] : foreign) {
    CAPTURE(name);
    for (const std::string& around : {object, dict({{"inside", object}})}) {
      const std::string pickled = dict({{"args", around}, {"state_dict", weights()}, {"more", object}});
      const FileContents contents = read(pickled);
      CHECK(contents.tensors.names() == Names{"w", "b"});
      CHECK(contains(said(contents), name));
      CHECK(contents.others.size() == 2);
      CHECK(contents.others.back() == "more: " + name);
      CHECK(parse_file(as_bytes(legacy_file(pickled)), "x", TorchScope::everything).tensors.size() == 2);

      const io_test::TemporaryFolder folder;
      write_zip(folder / "x.pth", pickled);
      CHECK(read_checkpoint(folder / "x.pth").names() == Names{"w", "b"});
    }
    CHECK(read(dict({{"w", weight()}, {"b", weight()}, {"more", object}})).tensors.size() == 2);
  }
}

TEST_CASE("a dict of an unknown class is a mapping") {
  const std::string named = "cmmcv.utils\nConfigDict\n)\x81(" + unicode("w") + weight() + unicode("b") + weight() + "u";
  CHECK(read(dict({{"state_dict", named}})).tensors.names() == Names{"w", "b"});
  CHECK(read("ccollections\ndefaultdict\nc__builtin__\nlist\n\x85R(" + unicode("w") + weight() + "u").tensors.size() ==
        1);
}

TEST_CASE("a whole pickled model says what to save instead") {
  const std::string model = "ctorch.nn.modules.container\nSequential\n)\x81" + dict({{"_modules", dict({})}}) + "b";
  for (const std::string& object : {model, dict({{"model", model}, {"epoch", "K\x01"}})}) {
    const std::string message = io_test::error_message([&, &o = object] { parse_file(as_bytes(legacy(o)), "x.pth"); });
    CHECK(contains(message, "torch.nn.modules.container.Sequential"));
    CHECK(contains(message, "torch.save(model.state_dict()"));
  }
}

TEST_CASE("a bare tensor and what holds none are refused for what they are") {
  CHECK(contains(refusal_of(weight()), "got one tensor without a name"));
  const std::string device = dict({{"on", "ctorch\ndevice\n(" + unicode("cpu") + "tR"}});
  const std::string message = io_test::error_message([&] { parse_file(as_bytes(legacy(device)), "x.pth"); });
  CHECK(contains(message, "expected a mapping of tensors, or of one, got dict"));
  CHECK_FALSE(contains(message, "only Python"));
}

TEST_CASE("tensors of a type that is not read are left out by name") {
  const std::string odd = tensor(2, 0, tuple({2}), tuple({1}), "ComplexFloatStorage");
  const std::string object = dict({{"w", odd}, {"steps", "K\x01"}});
  const std::string file = legacy(object, "]" + unicode("0") + "a", number(std::int64_t{2}) + std::string(16, '\1'));
  for (const TorchScope scope : {TorchScope::state_dict, TorchScope::everything}) {
    const FileContents contents = parse_file(as_bytes(file), "x.pth", scope);
    CHECK(contents.tensors.empty());
    CHECK(contents.others.front() == "w: tensor of ComplexFloatStorage, a type that is not read");
  }
}

TEST_CASE("a subclass of a tensor is the tensor") {
  const std::string inner = weight();
  const std::string arguments = inner.substr(inner.find("v2\n") + 3, inner.size() - inner.find("v2\n") - 4);
  const std::string object =
      "ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\ncmine\nTensor\n" + arguments + "}tR";
  CHECK(read(dict({{"w", object}, {"b", weight()}})).tensors.names() == Names{"w", "b"});
}
