// A strict reader of the pages written here: what is wrong with a page's markup, or nothing.
//
// Stricter than browsers: every element closes in order, attributes stand in double quotes and once, text and values hold no
// bare '<', '>' or '&', ids stand once, and nothing is loaded from elsewhere.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace qrs::tests {

class TagReader {
 public:
  explicit TagReader(std::string_view page) : page_(page) {}

  std::string complaint() {
    if (!page_.starts_with("<!DOCTYPE html>\n")) return "no doctype";
    at_ = 16;
    while (at_ < page_.size() && complaint_.empty()) page_[at_] == '<' ? read_tag() : read_text();
    if (complaint_.empty() && !open_.empty()) complain("not closed: " + open_.back());
    return complaint_;
  }

  /// Of a fragment without a doctype.
  static std::string of_fragment(std::string_view fragment) {
    return TagReader("<!DOCTYPE html>\n" + std::string(fragment), 0).complaint();
  }

 private:
  TagReader(std::string page, int) : kept_(std::move(page)), page_(kept_) {}

  void complain(const std::string& what) {
    if (complaint_.empty()) complaint_ = what + " near '" + std::string(page_.substr(at_, 60)) + "'";
  }

  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  }

  std::string name() {
    std::string out;
    while (at_ < page_.size() && is_name(page_[at_])) out += page_[at_++];
    if (out.empty()) complain("expected a name");
    return out;
  }

  void check_words(std::string_view words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      const char c = words[i];
      if (c == '<' || c == '>') complain("a bare bracket");
      if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') complain("a control character");
      if (c != '&') continue;
      const std::string_view rest = words.substr(i);
      const auto begins = [&](std::string_view entity) { return rest.starts_with(entity); };
      if (!begins("&amp;") && !begins("&lt;") && !begins("&gt;") && !begins("&quot;") && !begins("&#39;")) {
        complain("a bare ampersand");
      }
    }
  }

  void read_text() {
    const std::size_t end = std::min(page_.find('<', at_), page_.size());
    check_words(page_.substr(at_, end - at_));
    at_ = end;
  }

  void read_tag() {
    ++at_;
    if (at_ < page_.size() && page_[at_] == '/') {
      ++at_;
      const std::string closed = name();
      if (open_.empty() || open_.back() != closed) return complain("closes " + closed + " that is not the last opened");
      open_.pop_back();
      if (at_ >= page_.size() || page_[at_] != '>') complain("expected '>'");
      ++at_;
      return;
    }
    const std::string tag = name();
    if (tag == "script" || tag == "link" || tag == "iframe") return complain("a page of this project has no " + tag);
    std::set<std::string> attributes;
    while (complaint_.empty() && at_ < page_.size() && page_[at_] == ' ') {
      ++at_;
      const std::string attribute = name();
      if (!attributes.insert(attribute).second) return complain("twice: " + attribute);
      if (attribute.starts_with("on")) return complain("a handler: " + attribute);
      if (at_ >= page_.size() || page_[at_] != '=') continue;
      if (page_.substr(at_, 2) != "=\"") return complain("expected a quoted value");
      const std::size_t end = page_.find('"', at_ + 2);
      if (end == std::string_view::npos) return complain("a value without end");
      const std::string_view value = page_.substr(at_ + 2, end - at_ - 2);
      check_words(value);
      if (attribute == "id" && !ids_.insert(std::string(value)).second) return complain("id twice");
      if (attribute == "src" && !value.starts_with("data:image/png;base64,")) return complain("loads something");
      if (attribute == "href" && tag != "a") return complain("loads something");
      at_ = end + 1;
    }
    if (at_ >= page_.size() || page_[at_] != '>') return complain("expected '>'");
    ++at_;
    static const std::set<std::string> voids = {"br", "col", "img", "meta"};
    if (voids.contains(tag)) return;
    open_.push_back(tag);
    if (tag == "style") {
      const std::size_t end = page_.find("</style>", at_);
      if (page_.substr(at_, end - at_).find("url(") != std::string_view::npos) complain("loads something");
      at_ = std::min(end, page_.size());
    }
  }

  std::string kept_;
  std::string_view page_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  std::set<std::string> ids_;
  std::string complaint_;
};

}  // namespace qrs::tests
