// Which mapping of a torch checkpoint holds the weights.
//
// Every mapping that holds tensors itself is a candidate, however deep it lies in dicts, lists and tuples, but not what
// lies in an optimiser's state. Of several candidates,
//   1. those without a weight are dropped (TorchObjects::may_be_weight: a loss, an accuracy, a generator's state is none),
//   2. those under the name of a schedule, a scaler, a callback and the like are dropped,
//   3. those of a single tensor are dropped (class weights, a history),
// each unless nothing would remain; then the one with the most usual name is taken (state_dict, model_state_dict, model, ...),
// or the top of the file where it is among them. Two that remain are a question, which `key` answers.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "pickle_reader.hpp"
#include "torch_objects.hpp"

namespace qrs::io {

/// A mapping, list or tuple that the search met.
struct TorchPlace {
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  PickleNode::Ref node = 0;
  std::uint32_t parent = none;  // place it was met in
  PickleNode::Ref key = none;   // node of its name there; none in a list
  std::uint32_t index = 0;      // its number there
  std::uint16_t depth = 0;
  bool weights = false;       // a tensor in it may be a weight
  std::uint32_t tensors = 0;  // directly in it
};

class TorchMappings {
 public:
  using Kind = PickleNode::Kind;

  /// Looks at every container once, the ones near the top first.
  TorchMappings(const Pickle& pickle, const TorchObjects& objects) : pickle_(pickle), objects_(objects) {
    places_.push_back({.node = pickle.root});
    std::vector<bool> seen(pickle.nodes.size(), false);
    seen[pickle.root] = true;
    for (std::uint32_t at = 0; at < places_.size(); ++at) visit(at, seen);
    for (std::uint32_t at = 0; at < places_.size(); ++at) {
      if (places_[at].tensors > 0) candidates_.push_back(at);
    }
  }

  const TorchPlace& operator[](std::uint32_t place) const { return places_[place]; }
  /// All mappings that hold tensors, by place.
  const std::vector<std::uint32_t>& candidates() const { return candidates_; }

  /// Those among which there is a choice: steps 1 to 3 above.
  std::vector<std::uint32_t> likely() const {
    std::vector<std::uint32_t> left = candidates_;
    keep(left, [&](std::uint32_t p) { return places_[p].weights; });
    keep(left, [&](std::uint32_t p) { return !beside_weights(p); });
    keep(left, [&](std::uint32_t p) { return places_[p].tensors > 1; });
    return left;
  }

  /// The path of a place, "ema.state_dict"; empty for the top.
  std::string path(std::uint32_t place) const {
    std::string out;
    for (; places_[place].parent != TorchPlace::none; place = places_[place].parent) {
      const TorchPlace& here = places_[place];
      const std::string key = here.key == TorchPlace::none ? text(here.index) : name_of(here.key, here.index);
      out = out.empty() ? key : key + "." + out;
    }
    return out;
  }

  /// The mapping of the weights; throws where there is none, or a question.
  std::uint32_t choose() const {
    const PickleNode& top = pickle_.top();
    if (candidates_.empty()) {
      if (top.kind == Kind::dict && top.items.empty()) return 0;
      if (objects_.is_tensor(top)) {
        objects_.error(top,
                       "expected a mapping of tensors, got one tensor without a name; save it in a mapping: "
                       "torch.save({'weight': tensor}, 'NAME.pth')");
      }
      objects_.error(top, "expected a mapping of tensors, or of one, got ", objects_.kind_text(top), object_advice());
    }
    const std::vector<std::uint32_t> left = likely();
    if (left.size() == 1) return left[0];
    const auto rank = [&](std::uint32_t p) { return std::pair(usual_rank(p), places_[p].depth); };
    const auto best = std::min_element(left.begin(), left.end(), [&](auto a, auto b) { return rank(a) < rank(b); });
    const auto equal = std::count_if(left.begin(), left.end(), [&](auto p) { return rank(p) == rank(*best); });
    if (usual_rank(*best) < usual.size() && equal == 1) return *best;
    if (usual_rank(*best) == usual.size() && left[0] == 0) return 0;
    objects_.error(top, "expected one mapping of tensors, got ", names(left), "; choose one by its key (--key ",
                   shown(path(left.back())), ")");
  }

  /// The mapping at a path of keys, "ema.state_dict"; throws where there is none.
  std::uint32_t at(std::string_view key) const {
    const std::optional<std::uint32_t> found = find(0, key);
    const bool usable = found && (places_[*found].tensors > 0 || pickle_[places_[*found].node].kind == Kind::dict);
    if (!usable) {
      objects_.error(pickle_.top(), "expected a mapping '", shown(key), "', got ",
                     candidates_.empty() ? "none" : "none; those of tensors are " + names(candidates_));
    }
    return *found;
  }

  /// The name of the item `index` of a mapping.
  std::string name_of(PickleNode::Ref key, std::size_t index) const {
    return objects_.key_text(pickle_[key], longest_name).value_or(text("item", index));
  }

 private:
  /// Names of mappings that hold the weights, the most usual first.
  static constexpr auto usual =
      std::to_array<std::string_view>({"state_dict", "model_state_dict", "model_state", "model", "net", "network",
                                       "weights", "net_state_dict", "params", "parameters", "module", "model_weights"});
  /// Parts of the names of what a training run keeps beside the weights.
  static constexpr auto besides = std::to_array<std::string_view>(
      {"optim", "sched", "scaler", "rng", "callback", "loops", "metric", "history", "hyper_param", "hparams"});
  static constexpr std::size_t longest_name = 80;  // in messages
  static constexpr std::uint16_t max_depth = 64;   // far below what a checkpoint nests
  static constexpr std::size_t max_places = std::size_t{1} << 20;

  void visit(std::uint32_t at, std::vector<bool>& seen) {
    const PickleNode& node = pickle_[places_[at].node];
    if (node.kind == Kind::list || node.kind == Kind::tuple) {
      for (std::size_t i = 0; i < node.items.size(); ++i) enter(at, TorchPlace::none, i, node.items[i], seen);
      return;
    }
    const auto pairs = pairs_of(node);
    if (is_optimizer(pairs)) return;
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
      const PickleNode& value = pickle_[pairs[i + 1]];
      if (objects_.is_tensor(value)) {
        ++places_[at].tensors;
        if (!places_[at].weights) places_[at].weights = objects_.may_be_weight(value);
      } else {
        enter(at, pairs[i], i / 2, pairs[i + 1], seen);
      }
    }
  }
  void enter(std::uint32_t parent, PickleNode::Ref key, std::size_t index, PickleNode::Ref item,
             std::vector<bool>& seen) {
    const PickleNode& node = pickle_[item];
    const bool inside = node.kind == Kind::dict || node.kind == Kind::list || node.kind == Kind::tuple ||
                        (node.kind == Kind::call && !pairs_of(node).empty());
    const auto depth = static_cast<std::uint16_t>(places_[parent].depth + 1);
    if (!inside || seen[item] || depth > max_depth || places_.size() >= max_places) return;
    seen[item] = true;
    places_.push_back(
        {.node = item, .parent = parent, .key = key, .index = static_cast<std::uint32_t>(index), .depth = depth});
  }
  /// torch's optimisers: {"state": {...}, "param_groups": [...]}.
  bool is_optimizer(std::span<const PickleNode::Ref> pairs) const {
    bool state = false;
    bool groups = false;
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
      state = state || pickle_[pairs[i]].text == "state";
      groups = groups || pickle_[pairs[i]].text == "param_groups";
    }
    return state && groups;
  }

  /// Drops the places that do not pass, unless none would remain.
  template <class Passes>
  static void keep(std::vector<std::uint32_t>& places, const Passes& passes) {
    if (std::none_of(places.begin(), places.end(), passes)) return;
    std::erase_if(places, [&](std::uint32_t p) { return !passes(p); });
  }

  /// Whether a place or one above it has the name of what stands beside weights.
  bool beside_weights(std::uint32_t place) const {
    for (; places_[place].parent != TorchPlace::none; place = places_[place].parent) {
      if (places_[place].key == TorchPlace::none) continue;
      std::string name = name_of(places_[place].key, 0);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      for (const std::string_view part : besides) {
        if (name.find(part) != std::string::npos) return true;
      }
    }
    return false;
  }
  /// How usual the name of a place is: 0 the most; usual.size() for other names.
  std::size_t usual_rank(std::uint32_t place) const {
    const TorchPlace& here = places_[place];
    if (here.key == TorchPlace::none) return usual.size();
    const std::string name = name_of(here.key, 0);
    return static_cast<std::size_t>(std::find(usual.begin(), usual.end(), name) - usual.begin());
  }
  /// What to do where an object of a class stands in place of a mapping: the top itself, or an item of it.
  std::string object_advice() const {
    const PickleNode& top = pickle_.top();
    const auto foreign = [&](const PickleNode& node) {
      if (node.kind != Kind::call) return false;
      const PickleNode& callee = pickle_[node.items[0]];
      return callee.kind != Kind::global || !torch_global_known(callee.module, callee.text);
    };
    const PickleNode* object = foreign(top) ? &top : nullptr;
    const std::span<const PickleNode::Ref> inside =
        top.kind == Kind::dict ? std::span(top.items) : std::span(&pickle_.root, 0);
    for (std::size_t i = 1; i < inside.size() && object == nullptr; i += 2) {
      if (foreign(pickle_[inside[i]])) object = &pickle_[inside[i]];
    }
    if (object == nullptr) return "";
    return text(object == &top ? ", " : ": " + objects_.kind_text(*object) + " is ",
                "an object that only Python can make (a whole model?); save its weights alone, "
                "torch.save(model.state_dict(), 'NAME.pth')");
  }
  std::string names(const std::vector<std::uint32_t>& places) const {
    constexpr std::size_t most = 12;
    std::string out;
    for (std::size_t i = 0; i < places.size() && i < most; ++i) {
      const std::string name = path(places[i]);
      out += (i > 0 ? ", '" : "'") + (name.empty() ? std::string("the top of the file") : shown(name)) + "'";
    }
    return places.size() > most ? out + text(" and ", places.size() - most, " more") : out;
  }

  /// Keys may hold dots themselves: a whole match counts first.
  std::optional<std::uint32_t> find(std::uint32_t from, std::string_view key) const {
    const auto first = std::partition_point(places_.begin() + 1, places_.end(),  // the nearer the earlier
                                            [&](const TorchPlace& place) { return place.parent < from; });
    std::optional<std::uint32_t> found;
    for (auto p = static_cast<std::uint32_t>(first - places_.begin()); p < places_.size() && !found; ++p) {
      const TorchPlace& here = places_[p];
      if (here.parent != from) break;
      const std::string name = here.key == TorchPlace::none
                                   ? text(here.index)
                                   : objects_.key_text(pickle_[here.key], key.size() + 1).value_or("");
      if (name.empty() || !key.starts_with(name)) continue;
      if (name.size() == key.size()) return p;
      if (key[name.size()] == '.') found = find(p, key.substr(name.size() + 1));
    }
    return found;
  }

  const Pickle& pickle_;
  const TorchObjects& objects_;
  std::vector<TorchPlace> places_;
  std::vector<std::uint32_t> candidates_;
};

}  // namespace qrs::io
