// Files made to harm: each is refused for its own reason, with the file's name and an offset.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../../include/qrs/io/checkpoint.hpp"
#include "io_files.hpp"
#include "pickles.hpp"

using namespace qrs::io;
using namespace io_test::pickles;
using namespace std::string_literals;

namespace {

constexpr std::string_view file_name = "hostile.bin";

/// The message with which a file is refused; checks that it names file and offset.
std::string refusal(const std::string& file, TorchScope scope = TorchScope::everything) {
  const std::string message = io_test::error_message([&] { parse_file(as_bytes(file), file_name, scope); });
  CHECK(message.find("hostile.bin, byte ") != std::string::npos);
  return message;
}

bool says(const std::string& message, const std::string& part) {
  if (message.find(part) != std::string::npos) return true;
  MESSAGE(message);
  return false;
}

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

constexpr std::int64_t huge = std::int64_t{1} << 60;

}  // namespace

TEST_CASE("the planted file is read where nothing is wrong with it") {
  const FileContents contents = parse_file(as_bytes(one_tensor(1, tuple({3}), tuple({1}))), file_name);
  CHECK(contents.tensors.at("w").size() == 3);
}

TEST_CASE("globals outside the list are never called: their objects have a name and nothing else") {
  const auto read = [](const std::string& pickle) {
    ByteReader in(as_bytes(pickle), file_name, "pickle");
    return read_pickle(in);
  };
  for (const std::string name : {"os\nsystem", "builtins\neval", "builtins\n__import__", "torch\nload",
                                 "torch._utils\n_import_dotted_name", "collections\nnamedtuple", "torch\nCatStorage"}) {
    CAPTURE(name);
    const std::string object = "c" + name + "\n(" + unicode("touch /tmp/owned") + "tR";
    CHECK(read("\x80\x02" + object + ".").top().kind == PickleNode::Kind::call);
    const std::string dotted = name.substr(0, name.find('\n')) + "." + name.substr(name.find('\n') + 1);
    CHECK(says(refusal(legacy(object), TorchScope::state_dict), "got " + dotted));
    CHECK(parse_file(as_bytes(legacy(object)), file_name, TorchScope::everything).others ==
          std::vector<std::string>{": " + dotted});
  }
  const std::string pushed = "\x80\x04" + unicode("posix") + unicode("system") + "\x93.";
  const Pickle named = read(pushed);
  CHECK(named.top().module == "posix");
  CHECK(named.top().text == "system");
}

TEST_CASE("a tensor cannot be made by a function that is not on the list") {
  const std::string planted = "cos\nsystem\n((" + unicode("storage") + "cos\nFloatStorage\n" + unicode("0") +
                              unicode("cpu") + integer(4) + "NtQtR";
  CHECK(says(refusal(legacy("}" + unicode("w") + planted + "s")), "expected a storage class, got os.FloatStorage"));
  const std::string storage = "ctorch._utils\n_rebuild_tensor_v2\n((" + unicode("storage") + "cos\nFloatStorage\n" +
                              unicode("0") + unicode("cpu") + integer(4) + "NtQ" + integer(0) + tuple({4}) +
                              tuple({1}) + "\x89NtR";
  CHECK(says(refusal(legacy("}" + unicode("w") + storage + "s")), "expected a storage class, got os.FloatStorage"));
}

TEST_CASE("opcodes outside the list are refused by their name") {
  CHECK(says(refusal(legacy("\x82\x01")), "EXT"));
  CHECK(says(refusal(legacy("P1\n")), "PERSID"));
  CHECK(says(refusal(legacy("I1\n")), "protocol 0"));
  CHECK(says(refusal(legacy("\xff")), "got 255"));
  CHECK(says(refusal(legacy("\x80\x09")), "protocol 2 to 5, got 9"));
  CHECK(says(refusal(legacy("(o")), "expected a class above the mark"));
}

TEST_CASE("a pickle whose stack does not fit its opcodes is refused") {
  CHECK(says(refusal(legacy("")), "expected 1 objects on the stack, got 0"));
  CHECK(says(refusal(legacy("t")), "open mark"));
  CHECK(says(refusal(legacy("(Kaa")), "container"));
  CHECK(says(refusal(legacy("}K\x01s")), "stack"));
  CHECK(says(refusal(legacy("NK\x01"s + "K\x01s")), "expected a dict, got None"));
  CHECK(says(refusal(legacy("]K\x01K\x01s")), "expected a dict, got list"));
  CHECK(says(refusal(legacy("(K\x01" + "d"s)), "pairs"));
  CHECK(says(refusal(legacy("h\x07")), "memo entry 7"));
  CHECK(says(refusal(legacy("K\x01)R")), "global to call"));
}

TEST_CASE("lengths of 2^60 and beyond allocate nothing") {
  CHECK(says(refusal(legacy("\x8d" + number(huge) + "x")), "expected 1152921504606846976 bytes"));
  CHECK(says(refusal(legacy("\x8e" + number(huge) + "x")), "1152921504606846976 bytes"));
  CHECK(says(refusal(legacy("\x95" + number(huge))), "frame"));
  CHECK(says(refusal(legacy("\x8b\xff\xff\xff\xff")), "4294967295 bytes"));
  CHECK(says(refusal(legacy("X\xff\xff\xff\xff")), "4294967295 bytes"));
}

TEST_CASE("deep and self-containing objects end the walk, not the program") {
  CHECK(says(refusal(legacy(repeated("]", 100000) + repeated("a", 99999))), "nesting of at most 32"));
  CHECK(says(refusal(legacy(repeated("(", 100000))), "open marks"));
  CHECK(says(refusal(legacy(repeated("]", 2000000))), "on the stack"));
  const std::string keys = "]" + unicode("0") + "a";
  const std::string data = number(std::int64_t{4}) + std::string(16, '\1');
  const std::string small = tensor(4, 0, tuple({4}), tuple({1}));
  CHECK(says(refusal(legacy("]q\x01h\x01"s + "a" + small + "a", keys, data)), "nesting"));
  // A list of two lists of two lists of ...: 2^28 paths to one tensor.
  std::string doubling = "]" + small + "a";
  for (int i = 0; i < 28; ++i) doubling += "q\x02]h\x02"s + "ah\x02"s + "a";
  CHECK(says(refusal(legacy(doubling, keys, data)), "objects"));
  // The same without a tensor is one ignored list.
  std::string empty = "]";
  for (int i = 0; i < 28; ++i) empty += "q\x02]h\x02"s + "ah\x02"s + "a";
  CHECK(parse_file(as_bytes(legacy(empty)), file_name, TorchScope::everything).others ==
        std::vector<std::string>{": list"});
  // Parameters of parameters of ...
  std::string parameter = small;
  CHECK(says(refusal(legacy("ctorch._utils\n_rebuild_parameter\n((" + unicode("storage") + "ctorch\nFloatStorage\n" +
                            unicode("0") + unicode("cpu") + "K\x04tQ\x89NtR")),
             "got a storage"));
  for (int i = 0; i < 10; ++i) parameter = "ctorch._utils\n_rebuild_parameter\n(" + parameter + "\x89NtR";
  CHECK(says(refusal(legacy(parameter, keys, data)), "expected a tensor"));
}

TEST_CASE("limits of objects and memo hold") {
  const auto with = [](const std::string& pickle, const PickleLimits& limits) {
    return io_test::error_message([&] {
      ByteReader in(as_bytes(pickle), file_name, "pickle");
      read_pickle(in, limits);
    });
  };
  CHECK(says(with(repeated("K\1"
                           "0",
                           20) +
                      "N.",
                  {.nodes = 10}),
             "at most 10 objects"));
  CHECK(says(with("N\x94\x94\x94\x94.", {.memo = 3}), "at most 3 memo entries"));
  CHECK(says(with("Nr\x09\0\0\0r\x08\0\0\0r\x07\0\0\0."s, {.scattered_memo = 2}), "2 memo entries out of order"));
  CHECK(with("Nr\xff\xff\xff\xff"
             "j\xff\xff\xff\xff.",
             {}) == "no error");  // a high key is no allocation
  std::string pairs = "](" + repeated("K\1K\2\x86", 5) + "eq\1";
  pairs += repeated("ccollections\nOrderedDict\nh\1\x85R0", 5) + "N.";
  CHECK(says(with(pairs, {.nodes = 100}), "no error"));
  CHECK(says(with(pairs, {.nodes = 24}), "objects"));
}

TEST_CASE("tensors outside their storage are refused") {
  CHECK(says(refusal(one_tensor(2, tuple({3}), tuple({1}))), "inside 4 elements"));
  CHECK(says(refusal(one_tensor(-1, tuple({2}), tuple({1}))), "offset -1"));
  CHECK(says(refusal(one_tensor(0, tuple({2}), tuple({-1}))), "inside 4 elements"));
  CHECK(says(refusal(one_tensor(0, tuple({2, 2}), tuple({huge * 7, 1}))), "inside 4 elements"));
  CHECK(says(refusal(one_tensor(huge * 7, tuple({2}), tuple({huge}))), "inside 4 elements"));
  CHECK(says(refusal(one_tensor(0, tuple({4 * huge}), tuple({0}))), "fewer than 2^63 bytes"));
  CHECK(says(refusal(one_tensor(0, tuple({1 << 30}), tuple({0}))), "four times the file"));
  CHECK(says(refusal(one_tensor(0, tuple({-1}), tuple({1}))), "extents >= 0"));
  CHECK(says(refusal(one_tensor(0, tuple({2}), tuple({1, 1}))), "expected 1 strides, got 2"));
  CHECK(says(refusal(one_tensor(0, tuple(std::vector<std::int64_t>(65, 1)), tuple({1}))), "at most 64 axes"));
  CHECK(says(refusal(one_tensor(0, "N", tuple({1}))), "tuple as shape"));
  CHECK(says(refusal(one_tensor(0, "(Nt", tuple({1}))), "whole number as shape"));
}

TEST_CASE("storages of the legacy stream are checked") {
  const std::string dict = "}" + unicode("w") + tensor(4, 0, tuple({4}), tuple({1})) + "s";
  const std::string keys = "]" + unicode("0") + "a";
  CHECK(says(refusal(legacy(dict, keys, number(huge))), "element"));
  CHECK(says(refusal(legacy(dict, keys, number(std::int64_t{-4}))), "got -4"));
  CHECK(says(refusal(legacy(dict, keys, number(std::int64_t{2}) + std::string(8, '\0'))), "expected 4 elements"));
  CHECK(says(refusal(legacy(dict)), "expected its data in the stream"));
  CHECK(says(refusal(legacy(dict, "]" + unicode("9") + "a")), "got '9'"));
  CHECK(says(refusal(legacy(dict, keys, "", "}" + unicode("little_endian") + "\x89s")), "big-endian"));
  CHECK(says(refusal(std::string(legacy_magic) + "\x80\x02M\x01\x01."), "protocol 1001"));
  CHECK(says(refusal("\x80\x02}."), "got a pickle"));
  CHECK(says(refusal(legacy("K\x01"), TorchScope::state_dict), "expected a mapping"));
}

// ---- the zip container ----

namespace {

/// A good checkpoint of two tensors, as bytes.
std::string good_zip() {
  const io_test::TemporaryFolder folder;
  StateDict dict;
  dict.add("a", qrs::Tensor<float>::full(qrs::Shape{3}, 1.0F));
  dict.add("b", qrs::Tensor<double>::full(qrs::Shape{2}, 2.0));
  write_torch(folder / "good.pth", dict);
  return std::string(as_text(read_file(folder / "good.pth")));
}

/// The good file with bytes replaced, counted from the n-th occurrence of a signature.
std::string patched(std::string_view signature, int occurrence, std::size_t offset, const std::string& bytes) {
  std::string file = good_zip();
  std::size_t at = file.find(signature);
  for (int i = 0; i < occurrence; ++i) at = file.find(signature, at + 1);
  return file.replace(at + offset, bytes.size(), bytes);
}

constexpr std::string_view local = "PK\x03\x04";
constexpr std::string_view entry = "PK\x01\x02";
constexpr std::string_view ending = "PK\x05\x06";

}  // namespace

TEST_CASE("a broken zip directory is refused") {
  CHECK(parse_file(as_bytes(good_zip()), file_name).tensors.size() == 2);
  CHECK(says(refusal(good_zip().substr(0, 500)), "end-of-directory"));
  CHECK(says(refusal(patched(ending, 0, 10, "\xff\x7f")), "32767"));
  CHECK(says(refusal(patched(ending, 0, 16, "\xff\xff\xff\x7f")), "directory's offset"));
  CHECK(says(refusal(patched(ending, 0, 12, "\xff\xff\xff\x7f")), "bytes of directory"));
  CHECK(says(refusal(patched(entry, 0, 0, "XX")), "directory entry"));
  CHECK(says(refusal(patched(entry, 0, 42, "\xff\xff\xff\x7f")), "offset of a record"));
  CHECK(says(refusal(patched(entry, 0, 42, "\x01")), "local header"));
  CHECK(says(refusal(patched(entry, 0, 28, "\xff\xff")), "record name"));
  CHECK(says(refusal(patched(entry, 2, 46, "archive/data/1")), "unique record names"));
  CHECK(says(refusal(patched(entry, 0, 46, "archive/data.pkx")), "expected a record 'data.pkl'"));
  CHECK(says(refusal(patched(local, 0, 30, "another")), "name in the local header"));
}

TEST_CASE("records that torch does not write are refused") {
  CHECK(says(refusal(patched(entry, 0, 10, "\x08")), "method 8"));
  CHECK(says(refusal(patched(entry, 0, 8, "\x01")), "unencrypted"));
  CHECK(says(refusal(patched(entry, 0, 24, "\xff\xff\xff\x7f")), "equal sizes"));
  CHECK(says(refusal(patched(entry, 0, 20, "\xff\xff\xff\x7f\xff\xff\xff\x7f")), "bytes of record data"));
  CHECK(says(refusal(patched(entry, 0, 16, "\x01\x02\x03\x04")), "CRC-32"));
  CHECK(says(refusal(patched("little", 0, 0, "bittle")), "CRC-32"));
}

TEST_CASE("a zip64 end record is checked as the plain one is") {
  const auto zip64 = [](std::uint64_t at, std::uint64_t count, std::uint64_t size, std::uint64_t offset) {
    std::string file = good_zip();
    const std::string end = file.substr(file.find(ending));
    file.resize(file.find(ending));
    const std::uint64_t here = file.size();
    file += "PK\x06\x06" + number(std::uint64_t{44}) + std::string(12, '\0') + number(count) + number(count) +
            number(size) + number(offset);
    file += "PK\x06\x07" + std::string(4, '\0') + number(at == 0 ? here : at) + number(std::uint32_t{1});
    return file + end;
  };
  const std::string good = good_zip();
  const std::uint64_t offset = good.find(entry);
  const std::uint64_t size = good.find(ending) - offset;
  CHECK(parse_file(as_bytes(zip64(0, 5, size, offset)), file_name).tensors.size() == 2);
  CHECK(says(refusal(zip64(static_cast<std::uint64_t>(huge), 5, size, offset)), "zip64 end record inside"));
  CHECK(says(refusal(zip64(1, 5, size, offset)), "expected a zip64 end record"));
  CHECK(says(refusal(zip64(0, static_cast<std::uint64_t>(huge), size, offset)), "1152921504606846976"));
  CHECK(says(refusal(zip64(0, 5, static_cast<std::uint64_t>(huge), offset)), "bytes of directory"));
  CHECK(says(refusal(zip64(0, 5, size, ~std::uint64_t{0})), "directory's offset"));
}

// ---- safetensors ----

namespace {

std::string safetensors(const std::string& json, const std::string& data = std::string(8, '\0')) {
  return number(static_cast<std::uint64_t>(json.size())) + json + data;
}
std::string record(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

}  // namespace

TEST_CASE("a safetensors header that lies is refused") {
  const std::string fine = record("F32", "[2]", "[0,8]");
  CHECK(parse_file(as_bytes(safetensors(R"({"w":)" + fine + "}")), file_name).tensors.size() == 1);
  const auto refused = [](const std::string& json) { return refusal(safetensors("{" + json + "}")); };
  CHECK(says(refusal(number(huge) + "{}"), "header of at most 2 bytes, got 1152921504606846976"));
  CHECK(says(refused(R"("w":)" + record("F32", "[2]", "[0,9]")), "inside 8 bytes"));
  CHECK(says(refused(R"("w":)" + record("F32", "[2]", "[8,0]")), "8 to 0"));
  CHECK(says(refused(R"("w":)" + record("F32", "[3]", "[0,8]")), "expected 12 bytes"));
  CHECK(says(refused(R"("w":)" + record("F32", "[4294967296,4294967296]", "[0,0]")), "fewer than 2^63"));
  CHECK(says(refused(R"("w":)" + record("F32", "[18446744073709551615]", "[0,8]")), "extents under 2^63"));
  CHECK(says(refused(R"("w":)" + record("F32", "[-2]", "[0,8]")), "negative number -2"));
  CHECK(says(refused(R"("w":)" + record("F32", "[2.0]", "[0,8]")), "number 2.0"));
  CHECK(says(refused(R"("w":)" + record("F32", "[2]", "[0,8,9]")), "two data_offsets"));
  CHECK(says(refused(R"("w":)" + record("F32", "[2]", "[0]")), "two data_offsets, got 1"));
  CHECK(says(refused(R"("w":)" + record("F32", "[[2]]", "[0,8]")), "a list"));
  CHECK(says(refused(R"("w":)" + record("F32", "[{}]", "[0,8]")), "an object"));
  CHECK(says(refused(R"("w":{"dtype":"F32","shape":[2]})"), "data_offsets"));
  CHECK(says(refused(R"("w":{"dtype":"F32","data_offsets":[0,8]})"), "expected a shape"));
  CHECK(says(refused(R"("w":{"shape":[2],"data_offsets":[0,8]})"), "expected a dtype"));
  CHECK(says(refused(R"("w":{"dtype":"F32","dtype":"F32"})"), "'dtype' twice"));
  CHECK(says(refused(R"("w":{"stride":[2]})"), "'stride'"));
  CHECK(says(refused(R"("w":)" + fine + R"(,"w":)" + fine), "'w' twice"));
  CHECK(says(refused(R"("w":)" + fine + R"(,"v":)" + record("U8", "[1]", "[7,8]")), "do not overlap"));
  CHECK(says(refused(R"("__metadata__":{"a":1})"), "text in __metadata__"));
  CHECK(says(refused(R"("w":null)"), "null"));
  CHECK(says(refused(R"("w":)" + fine + ","), "expected JSON"));
  CHECK(says(refused(R"("w":)" + repeated("[", 100000)), "object for a tensor"));
  CHECK(says(refused("\"\xff\":" + fine), "expected JSON"));
}

TEST_CASE("gaps and trailing bytes of safetensors are tolerated") {
  const std::string json = R"({"w":)" + record("U8", "[2]", "[1,3]") + R"(,"v":)" + record("U8", "[1]", "[5,6]") + "}";
  CHECK(parse_file(as_bytes(safetensors(json)), file_name).tensors.size() == 2);
}

// ---- npy and tar ----

TEST_CASE("a .npy header that lies is refused") {
  const auto npy = [](const std::string& header, const std::string& data = std::string(8, '\0')) {
    return std::string(npy_magic) + "\1"s + '\0' + number(static_cast<std::uint16_t>(header.size())) + header + data;
  };
  const auto dict = [&](const std::string& descr, const std::string& order, const std::string& shape) {
    return npy("{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n");
  };
  CHECK(parse_file(as_bytes(dict("'<f4'", "False", "(2,)")), file_name).tensors.size() == 1);
  CHECK(parse_file(as_bytes(dict("\"<f4\"", "True", "( 1 , 2L )")), file_name).tensors.size() == 1);
  CHECK(says(refusal(dict("'>f4'", "False", "(2,)")), "got '>f4'"));
  CHECK(says(refusal(dict("'|O'", "False", "(2,)")), "got '|O'"));
  CHECK(says(refusal(dict("[('a', '<f4')]", "False", "(2,)")), "quoted text"));
  CHECK(says(refusal(dict("'<f4'", "0", "(2,)")), "True or False"));
  CHECK(says(refusal(dict("'<f4'", "False", "(3,)")), "expected 12 bytes"));
  CHECK(says(refusal(dict("'<f4'", "False", "(1152921504606846976,)")), "1152921504606846976"));
  CHECK(says(refusal(dict("'<f4'", "False", "(4294967296, 4294967296)")), "fewer than 2^63"));
  CHECK(says(refusal(dict("'<f4'", "False", "(99999999999999999999,)")), "extent"));
  CHECK(says(refusal(dict("'<f4'", "False", "(-1,)")), "extent"));
  CHECK(says(refusal(dict("'<f4'", "False", "(" + repeated("1,", 65) + ")")), "at most 64 axes"));
  CHECK(says(refusal(dict("'<f4'", "False", "__import__('os')")), "expected '('"));
  CHECK(says(refusal(npy("{'descr': '<f4', 'descr': '<f4'}")), "once each, got 'descr'"));
  CHECK(says(refusal(npy("{'descr': '<f4'}")), "got fewer"));
  CHECK(says(refusal(npy("{'descr': '<f4")), "quoted text"));
  CHECK(says(refusal(npy("")), "expected '{'"));
  CHECK(says(refusal(std::string(npy_magic) + "\7"s + '\0'), "version 1, 2 or 3, got 7"));
  CHECK(says(refusal(std::string(npy_magic) + "\2"s + '\0' + "\xff\xff\xff\xff"), "4294967295 bytes of header"));
}

TEST_CASE("a tar archive that lies is refused") {
  const std::string seed(as_text(read_file(io_test::seeds + "tar.pth")));
  const auto header = [&](std::string file, std::size_t at, std::size_t offset, const std::string& bytes) {
    file.replace(at + offset, bytes.size(), bytes);
    std::string checked = file.substr(at, 512).replace(148, 8, "        ");
    unsigned sum = 0;
    for (const char c : checked) sum += static_cast<unsigned char>(c);
    char digits[8];
    std::snprintf(digits, sizeof digits, "%06o", sum);
    return file.replace(at + 148, 7, std::string(digits, 7));
  };
  CHECK(says(refusal(header(seed, 0, 124, "77777777777")), "8589934591 bytes of member data"));
  CHECK(says(refusal(header(seed, 0, 124, "xx")), "octal size"));
  CHECK(says(refusal(header(seed, 0, 0, "sys_onfo")), "member 'sys_info'"));
  CHECK(says(refusal(header(seed, seed.find("tensors\0"s), 0, "tensorx")), "member 'tensors'"));
  const std::size_t rank = seed.find(number(std::int32_t{3}) + number(std::int32_t{0}) + number(std::int64_t{2}));
  REQUIRE(rank != std::string::npos);
  CHECK(says(refusal(std::string(seed).replace(rank, 4, "\xff\xff\xff\x7f")), "at most 64 axes, got 2147483647"));
  CHECK(says(refusal(std::string(seed).replace(rank + 8, 8, number(huge))), "plain"));
}

TEST_CASE("long names that many objects share cost what they are long") {
  const std::string long_key = unicode(std::string(60000, 'k'));
  const std::string empty = tensor(4, 0, tuple({0}), tuple({1}));
  const std::string file = legacy(repeated("N0", 2000) + "}" + long_key + "](" + empty + repeated("2", 5000) + "es",
                                  "]" + unicode("0") + "a", number(std::int64_t{4}) + std::string(16, '\1'));
  CHECK(says(refusal(file), "names of together at most"));
  const std::string longer = unicode(std::string(70000, 'k'));
  const std::string keys = "]" + unicode("0") + "a";
  CHECK(says(refusal(legacy("}" + longer + empty + "s", keys, number(std::int64_t{4}) + std::string(16, '\1'))),
             "a name of at most 65536 bytes"));
  // A key of 60,000 bytes above a hundred thousand objects that are no tensors: read, in little time.
  std::string pairs = "}(" + unicode("w") + tensor(4, 0, tuple({4}), tuple({1})) + long_key + "q\x07N";
  for (int i = 0; i < 100000; ++i) pairs += "h\x07N";
  const FileContents contents =
      parse_file(as_bytes(legacy(pairs + "u", keys, number(std::int64_t{4}) + std::string(16, '\1'))), file_name);
  CHECK(contents.tensors.size() == 1);
  CHECK(contents.others.size() == 1001);
  CHECK(contents.others.back() == "and 99001 more");
  const std::string named = "ctorch._utils\n_rebuild_tensor_v2\n((" + unicode("storage") + "ctorch\nFloatStorage\n" +
                            long_key + unicode("cpu") + integer(4) + "NtQ" + integer(0) + tuple({4}) + tuple({1}) +
                            "\x89NtR";
  CHECK(says(refusal(legacy("}" + unicode("w") + named + "s")), "a storage's key of at most 256 bytes"));
}
