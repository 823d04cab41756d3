// Reads a Python pickle into plain nodes and calls nothing.
//
// A pickle is a program for a stack machine; Python's own reader runs it, imports what it names and calls what it says.
// This one runs only the instructions that build data. A GLOBAL, whatever it names, becomes a node that holds the name; REDUCE,
// NEWOBJ, INST and OBJ become a node that holds callee and arguments: what a `call` means is the caller's business
// (torch_objects.hpp), and for a class nobody knows it means nothing. Source: Lib/pickletools.py of CPython, which documents
// every opcode; protocols 2 to 5.
//
// Nodes live in one list and refer to each other by index, so that shared objects, cycles and nesting of any depth cost no
// recursion, in reading or in releasing. Texts are views into the file. Node, memo and stack sizes are limited: what a
// pickle costs in memory is bounded by 160 MiB or a few times its length, whichever is more.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"

namespace qrs::io {

/// One Python object.
struct PickleNode {
  enum class Kind : std::uint8_t {
    none,
    boolean,       // integer: 0 or 1
    integer,       // integer
    long_integer,  // text: more than 64 bits, little-endian two's complement
    real,          // integer: the bits of the float64
    text,          // text
    bytes,         // text
    tuple,         // items
    list,          // items
    set,           // items
    dict,          // items: key, value, key, value, ... in file order
    global,        // module, text: a name, imported by nobody
    call,          // items: callee, arguments (a tuple); then key, value, ... where the object was filled as a dict is
    persistent,    // items: the identity the writer gave
  };
  using Ref = std::uint32_t;

  Kind kind = Kind::none;
  std::uint64_t offset = 0;  // in the file, of the opcode that made it
  std::int64_t integer = 0;
  std::string_view text{};
  std::string_view module{};
  std::vector<Ref> items{};
};

/// What a node is, for messages: "a dict", or for a global or call its name.
inline std::string describe(const PickleNode& node) {
  static constexpr std::string_view kinds[] = {"None",  "bool", "int", "int",  "float",  "str",    "bytes",
                                               "tuple", "list", "set", "dict", "global", "object", "persistent id"};
  if (node.kind == PickleNode::Kind::global) return text(shown(node.module), ".", shown(node.text));
  return std::string(kinds[static_cast<std::size_t>(node.kind)]);
}

/// The result: `root` is the object, the others are its parts.
struct Pickle {
  std::deque<PickleNode> nodes;  // a list that grows without being copied
  PickleNode::Ref root = 0;

  const PickleNode& operator[](PickleNode::Ref ref) const { return nodes[ref]; }
  const PickleNode& top() const { return nodes[root]; }
};

/// The keys and values of a mapping, one after the other: of a dict, or of an object that was filled as one. Empty for
/// other nodes.
inline std::span<const PickleNode::Ref> pairs_of(const PickleNode& node) {
  const std::span<const PickleNode::Ref> items(node.items);
  if (node.kind == PickleNode::Kind::dict) return items;
  return node.kind == PickleNode::Kind::call ? items.subspan(2) : items.first(0);
}

/// Sizes no honest checkpoint reaches: one of 100,000 tensors has 1.5 million nodes. A longer pickle may have one node for
/// every 8 bytes: a history of numbers is that dense.
struct PickleLimits {
  std::size_t nodes = std::size_t{3} << 19;
  std::size_t memo = std::size_t{1} << 22;
  std::size_t scattered_memo = std::size_t{1} << 16;  // entries whose keys do not follow each other
  std::size_t stack = std::size_t{1} << 20;
  std::size_t marks = 1000;
};

namespace detail {

class PickleMachine {
 public:
  using Kind = PickleNode::Kind;
  using Ref = PickleNode::Ref;

  PickleMachine(ByteReader& in, const PickleLimits& limits) : in_(in), limits_(limits) {
    limits_.nodes = std::max(limits_.nodes, in.left() / 8);
  }

  Pickle run() {
    while (!step()) {
    }
    return std::move(out_);
  }

 private:
  /// One instruction; true after STOP. Each group of opcodes hands what is not its own to the next.
  bool step() {
    at_ = in_.offset();
    const auto opcode = in_.number<std::uint8_t>("pickle opcode (no STOP was met)");
    switch (opcode) {
      case 0x80:
        return protocol();
      case 0x95:
        return skip(in_.number<std::uint64_t>("frame length"));  // FRAME
      case '.':
        return stop();
      // the stack
      case '(':
        return mark();
      case '0':
        return pop_or_mark();
      case '1':
        return drop(pop_mark());
      case '2':
        return push_ref(top());
      // the memo
      case 'q':
        return put(in_.number<std::uint8_t>("BINPUT"));
      case 'r':
        return put(in_.number<std::uint32_t>("LONG_BINPUT"));
      case 0x94:
        return put(memo_.size() + scattered_memo_.size());
      case 'h':
        return get(in_.number<std::uint8_t>("BINGET"));
      case 'j':
        return get(in_.number<std::uint32_t>("LONG_BINGET"));
      default:
        return value_step(opcode);
    }
  }

  bool value_step(std::uint8_t opcode) {
    switch (opcode) {
      case 'N':
        return push({.kind = Kind::none});
      case 0x88:
        return push({.kind = Kind::boolean, .integer = 1});
      case 0x89:
        return push({.kind = Kind::boolean, .integer = 0});
      case 'K':
        return integer(in_.number<std::uint8_t>("BININT1"));
      case 'M':
        return integer(in_.number<std::uint16_t>("BININT2"));
      case 'J':
        return integer(in_.number<std::int32_t>("BININT"));
      case 0x8a:
        return long_integer(in_.number<std::uint8_t>("LONG1 length"));
      case 0x8b:
        return long_integer(in_.number<std::uint32_t>("LONG4 length"));
      case 'G':
        return real();
      case 'U':
        return run_of(Kind::text, in_.number<std::uint8_t>("SHORT_BINSTRING length"));
      case 'T':
        return run_of(Kind::text, in_.number<std::uint32_t>("BINSTRING length"));
      case 0x8c:
        return run_of(Kind::text, in_.number<std::uint8_t>("SHORT_BINUNICODE length"));
      case 'X':
        return run_of(Kind::text, in_.number<std::uint32_t>("BINUNICODE length"));
      case 0x8d:
        return run_of(Kind::text, in_.number<std::uint64_t>("BINUNICODE8 length"));
      case 'C':
        return run_of(Kind::bytes, in_.number<std::uint8_t>("SHORT_BINBYTES length"));
      case 'B':
        return run_of(Kind::bytes, in_.number<std::uint32_t>("BINBYTES length"));
      case 0x8e:
        return run_of(Kind::bytes, in_.number<std::uint64_t>("BINBYTES8 length"));
      case 0x96:
        return run_of(Kind::bytes, in_.number<std::uint64_t>("BYTEARRAY8 length"));
      default:
        return container_step(opcode);
    }
  }

  bool container_step(std::uint8_t opcode) {
    switch (opcode) {
      case ')':
        return push({.kind = Kind::tuple});
      case 0x85:
        return collect(Kind::tuple, height_for(1));
      case 0x86:
        return collect(Kind::tuple, height_for(2));
      case 0x87:
        return collect(Kind::tuple, height_for(3));
      case 't':
        return collect(Kind::tuple, pop_mark());
      case ']':
        return push({.kind = Kind::list});
      case 'l':
        return collect(Kind::list, pop_mark());
      case 'a':
        return extend(Kind::list, height_for(1));
      case 'e':
        return extend(Kind::list, pop_mark());
      case '}':
        return push({.kind = Kind::dict});
      case 'd':
        return collect(Kind::dict, pop_mark());
      case 's':
        return extend(Kind::dict, height_for(2));
      case 'u':
        return extend(Kind::dict, pop_mark());
      case 0x8f:
        return push({.kind = Kind::set});
      case 0x90:
        return extend(Kind::set, pop_mark());
      case 0x91:
        return collect(Kind::set, pop_mark());
      default:
        return call_step(opcode);
    }
  }

  /// Names, calls and identities, the last group.
  bool call_step(std::uint8_t opcode) {
    switch (opcode) {
      case 'c':
        return global();
      case 0x93:
        return stack_global();
      case 'R':
        return call();
      case 0x81:
        return call();  // NEWOBJ: cls.__new__(*arguments)
      case 0x92:
        pop();  // NEWOBJ_EX: the same with named arguments, which nobody asks for
        return call();
      case 'i':
        return instance(true);
      case 'o':
        return instance(false);
      case 'b':
        return build();
      case 'Q':
        return collect(Kind::persistent, height_for(1));
      default:
        error("expected an opcode on the allowed list, got ", int{opcode}, named(opcode));
    }
  }

  bool protocol() {
    const int version = in_.number<std::uint8_t>("protocol");
    if (version < 2 || version > 5) error("expected pickle protocol 2 to 5, got ", version);
    return false;
  }
  bool stop() {
    out_.root = pop();
    return true;
  }
  bool skip(std::uint64_t frame) {
    if (frame > in_.left()) error("expected a frame of at most ", in_.left(), " bytes, got ", frame);
    return false;
  }

  bool push_ref(Ref ref) {
    if (stack_.size() >= limits_.stack) error("expected at most ", limits_.stack, " objects on the stack, got more");
    stack_.push_back(ref);
    return false;
  }
  bool push(PickleNode node) {
    if (out_.nodes.size() >= limits_.nodes) error("expected at most ", limits_.nodes, " objects, got more");
    node.offset = at_;
    out_.nodes.push_back(std::move(node));
    return push_ref(static_cast<Ref>(out_.nodes.size() - 1));
  }
  /// Objects above the last mark belong to its container; the ones below are out of reach until it is used up.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  std::size_t height_for(std::size_t count) const {
    if (stack_.size() - floor() < count)
      error("expected ", count, " objects on the stack, got ", stack_.size() - floor());
    return stack_.size() - count;
  }
  Ref top() const { return stack_[height_for(1)]; }
  Ref pop() {
    const Ref ref = top();
    stack_.pop_back();
    return ref;
  }
  bool mark() {
    if (marks_.size() >= limits_.marks) error("expected at most ", limits_.marks, " open marks, got more");
    marks_.push_back(stack_.size());
    return false;
  }
  std::size_t pop_mark() {
    if (marks_.empty()) error("expected an open mark, got none");
    const std::size_t height = marks_.back();
    marks_.pop_back();
    return height;
  }
  bool pop_or_mark() {
    if (stack_.size() == floor() && !marks_.empty()) return drop(pop_mark());
    return drop(height_for(1));
  }
  bool drop(std::size_t height) {
    stack_.resize(height);
    return false;
  }

  bool integer(std::int64_t value) { return push({.kind = Kind::integer, .integer = value}); }
  bool long_integer(std::uint64_t length) {
    const std::string_view digits = as_text(in_.take(length, "LONG"));
    if (digits.size() > 8) return push({.kind = Kind::long_integer, .text = digits});
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      value |= std::uint64_t{static_cast<std::uint8_t>(digits[i])} << (8 * i);
    }
    const bool negative = !digits.empty() && (static_cast<std::uint8_t>(digits.back()) & 0x80U) != 0;
    if (negative && digits.size() < 8) value |= ~std::uint64_t{0} << (8 * digits.size());
    return integer(static_cast<std::int64_t>(value));
  }
  bool real() {  // big-endian
    std::uint64_t bits = 0;
    for (const std::byte b : in_.take(8, "BINFLOAT")) bits = (bits << 8) | std::to_integer<std::uint64_t>(b);
    return push({.kind = Kind::real, .integer = static_cast<std::int64_t>(bits)});
  }
  bool run_of(Kind kind, std::uint64_t length) {
    return push({.kind = kind, .text = as_text(in_.take(length, kind == Kind::text ? "text" : "bytes"))});
  }

  /// The objects from `height` up become one container.
  bool collect(Kind kind, std::size_t height) {
    PickleNode node{.kind = kind};
    node.items.assign(stack_.begin() + static_cast<std::ptrdiff_t>(height), stack_.end());
    if (kind == Kind::dict && node.items.size() % 2 != 0) error("expected keys and values in pairs, got an odd number");
    stack_.resize(height);
    return push(std::move(node));
  }
  /// The objects from `height` up join the container below them. Of an object of an unknown class, only what a dict would
  /// take is kept.
  bool extend(Kind kind, std::size_t height) {
    const std::size_t count = stack_.size() - height;
    if (height <= floor()) error("expected a container on the stack, got none");
    PickleNode& node = out_.nodes[stack_[height - 1]];
    if (node.kind == Kind::call && kind != Kind::dict) return drop(height);
    if (node.kind != kind && node.kind != Kind::call) {
      error("expected a ", kind == Kind::dict ? "dict" : kind == Kind::list ? "list" : "set", ", got ", describe(node));
    }
    if (kind == Kind::dict && count % 2 != 0) error("expected keys and values in pairs, got an odd number");
    node.items.insert(node.items.end(), stack_.begin() + static_cast<std::ptrdiff_t>(height), stack_.end());
    return drop(height);
  }

  bool named_global(std::string_view module, std::string_view name) {
    return push({.kind = Kind::global, .text = name, .module = module});
  }
  bool global() {
    const std::string_view module = in_.line("a module name");
    return named_global(module, in_.line("a global's name"));
  }
  bool stack_global() {
    const PickleNode& name = out_.nodes[pop()];
    const PickleNode& module = out_.nodes[pop()];
    if (name.kind != Kind::text || module.kind != Kind::text) {
      error("expected two texts for STACK_GLOBAL, got ", describe(module), " and ", describe(name));
    }
    return named_global(module.text, name.text);
  }
  /// Callee and arguments become a node. OrderedDict is the one callee known here: it is a dict, and later instructions
  /// fill it. Its optional argument is a list of (key, value) pairs, as Python 2 wrote it.
  bool call() {
    const Ref arguments = pop();
    const Ref callee = pop();
    if (out_[arguments].kind != Kind::tuple) error("expected a tuple of arguments, got ", describe(out_[arguments]));
    const Kind kind = out_[callee].kind;
    if (kind != Kind::global && kind != Kind::call && kind != Kind::persistent) {
      error("expected a global to call, got ", describe(out_[callee]));
    }
    if (out_[callee].module != "collections" || out_[callee].text != "OrderedDict") {
      return push({.kind = Kind::call, .items = {callee, arguments}});
    }
    PickleNode dict{.kind = Kind::dict};
    const std::vector<Ref>& given = out_[arguments].items;
    if (given.size() > 1) error("expected at most one argument of OrderedDict, got ", given.size());
    if (given.size() == 1) {
      for (const Ref pair : out_[given[0]].items) {
        if (++copied_ > limits_.nodes) error("expected at most ", limits_.nodes, " pairs in OrderedDicts, got more");
        if (out_[pair].items.size() != 2) error("expected pairs in OrderedDict, got ", describe(out_[pair]));
        dict.items.insert(dict.items.end(), out_[pair].items.begin(), out_[pair].items.end());
      }
    }
    return push(std::move(dict));
  }
  /// INST names its class, OBJ has it below its arguments; both take what stands above the last mark.
  bool instance(bool named) {
    const std::size_t height = pop_mark();
    const std::size_t first = named ? height : height + 1;
    if (first > stack_.size()) error("expected a class above the mark, got none");
    const std::string_view module = named ? in_.line("a module name") : std::string_view{};
    const std::string_view name = named ? in_.line("a class") : std::string_view{};
    collect(Kind::tuple, first);
    const Ref arguments = pop();
    if (named) named_global(module, name);
    const Ref callee = pop();
    push_ref(callee);
    push_ref(arguments);
    return call();
  }
  /// The state (attributes such as a module's _metadata) is dropped: no tensor of a state dict is an attribute.
  bool build() {
    pop();
    top();
    return false;
  }

  /// Writers number the memo 0, 1, 2, ...: a list. Other keys go into a map, of which there may be few.
  bool put(std::uint64_t key) {
    const Ref ref = top();
    if (key < memo_.size()) {
      memo_[static_cast<std::size_t>(key)] = ref;
    } else if (key == memo_.size()) {
      if (memo_.size() >= limits_.memo) error("expected at most ", limits_.memo, " memo entries, got more");
      memo_.push_back(ref);
    } else {
      scattered_memo_[key] = ref;
      if (scattered_memo_.size() > std::min(limits_.scattered_memo, limits_.memo)) {
        error("expected at most ", std::min(limits_.scattered_memo, limits_.memo),
              " memo entries out of order, got more");
      }
    }
    return false;
  }
  bool get(std::uint64_t key) {
    if (key < memo_.size()) return push_ref(memo_[static_cast<std::size_t>(key)]);
    const auto found = scattered_memo_.find(key);
    if (found == scattered_memo_.end()) error("expected a memo entry ", key, ", got none");
    return push_ref(found->second);
  }

  static std::string_view named(int opcode) {
    switch (opcode) {
      case 0x82:
      case 0x83:
      case 0x84:
        return " (EXT, which calls a registered object)";
      case 'P':
        return " (PERSID, of protocol 0)";
      case 'I':
      case 'L':
      case 'F':
      case 'S':
      case 'V':
      case 'p':
      case 'g':
        return " (text form, of protocol 0)";
      default:
        return "";
    }
  }
  template <class... Parts>
  [[noreturn]] void error(const Parts&... parts) const {
    fail_at(in_.format(), in_.file(), at_, parts...);
  }

  ByteReader& in_;
  PickleLimits limits_;
  Pickle out_;
  std::vector<Ref> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Ref> memo_;
  std::unordered_map<std::uint64_t, Ref> scattered_memo_;
  std::uint64_t at_ = 0;
  std::size_t copied_ = 0;  // pairs copied out of shared lists, which may be named more often than they are long
};

}  // namespace detail

/// Reads one pickle and leaves the reader behind its STOP. The result views the reader's bytes.
inline Pickle read_pickle(ByteReader& in, const PickleLimits& limits = {}) {
  return detail::PickleMachine(in, limits).run();
}

}  // namespace qrs::io
