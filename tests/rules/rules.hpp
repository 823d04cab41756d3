// The rules of the source tree as a function from files to complaints: who may include whom, sizes, names, macros,
// comparators.
//
// A file is a path (relative to the repository root, '/' between folders) and its text, so the rules can be tried on
// planted files as well as on the tree.
#pragma once

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "comparators.hpp"

namespace rules {

struct SourceFile {
  std::string path;
  std::string text;
};

/// Layer -> the layers it may include, itself left out. The order is the order of reading: every layer names only
/// layers above it. `kernels` is both kernels/ and its bridge include/qrs/kernels.hpp.
inline const std::vector<std::pair<std::string, std::set<std::string>>>& direct_edges() {
  static const std::vector<std::pair<std::string, std::set<std::string>>> edges = {
      {"core", {}},
      {"kernels", {"core"}},
      {"tensor", {"kernels"}},
      {"autograd", {"tensor"}},
      {"ops", {"autograd"}},
      {"io", {"tensor"}},
      {"image", {"tensor", "io"}},
      {"nn", {"ops", "io"}},  // io for the plain state dict, which modules load and give
      {"optim", {"nn"}},
      {"models", {"nn"}},
      {"data", {"image", "io"}},
      {"metrics", {"core"}},
      {"ml", {"kernels", "io", "data", "metrics"}},
      {"train", {"data", "optim", "models", "metrics"}},
      {"infer", {"data", "models", "metrics"}},
      {"explain", {"data", "models", "metrics"}},
      {"audit", {"data", "metrics"}},
      {"report", {"metrics", "audit"}},
  };
  return edges;
}

/// Layer -> every layer it may include: an edge a -> b -> c allows a to include c.
inline std::map<std::string, std::set<std::string>> allowed_layers() {
  std::map<std::string, std::set<std::string>> allowed;
  for (const auto& [layer, below] : direct_edges()) {
    allowed[layer].insert(layer);
    for (const std::string& other : below) allowed[layer].insert(allowed.at(other).begin(), allowed.at(other).end());
  }
  return allowed;
}

inline std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// "include/qrs/ops" + "../core/error.hpp" -> "include/qrs/core/error.hpp".
inline std::string resolve(std::string_view folder, std::string_view relative) {
  std::vector<std::string> parts = split(folder, '/');
  for (const std::string& part : split(relative, '/')) {
    if (part == ".." && !parts.empty()) {
      parts.pop_back();
    } else if (part != ".") {
      parts.push_back(part);
    }
  }
  std::string path;
  for (const std::string& part : parts) path += (path.empty() ? "" : "/") + part;
  return path;
}

inline std::string folder_of(const std::string& path) { return path.substr(0, path.find_last_of('/')); }
inline std::string name_of(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

inline bool is_cpp(std::string_view path) {
  return path.ends_with(".hpp") || path.ends_with(".cpp") || path.ends_with(".cu");
}

/// The layer a path belongs to; empty for the table of contents, apps, tests and bench, which may include everything.
inline std::string layer_of(const std::string& path) {
  if (path.starts_with("kernels/") || path == "include/qrs/kernels.hpp") return "kernels";
  const std::vector<std::string> parts = split(path, '/');
  return parts.size() > 3 && path.starts_with("include/qrs/") ? parts[2] : "";
}

/// The folders of include/qrs that may name a third-party header, by how that header begins.
inline const std::map<std::string, std::set<std::string>>& third_party() {
  static const std::map<std::string, std::set<std::string>> folders = {
      {"Eigen/", {"ml"}}, {"nlohmann/", {"data", "infer", "io", "report", "train"}},
      {"stb", {"image"}}, {"CLI/", {}},
      {"doctest/", {}},   {"benchmark/", {}},
      {"cuda", {}},       {"jpeglib.h", {"image"}},
  };
  return folders;
}

/// Checks one `#include` of a file under include/ or kernels/; returns what is wrong with it, or nothing.
inline std::string include_complaint(const std::string& path, const std::string& target, bool quoted,
                                     const std::set<std::string>& tree) {
  static const std::map<std::string, std::set<std::string>> allowed = allowed_layers();
  static const std::set<std::string> slow_to_compile = {"iostream", "sstream", "regex"};
  const std::string layer = layer_of(path);

  if (!quoted) {
    if (target.starts_with("qrs/")) return "includes <" + target + ">: inside the library includes are relative";
    if (slow_to_compile.contains(target)) return "includes <" + target + ">, which every user would pay for";
    for (const auto& [prefix, folders] : third_party()) {
      const bool runtime_of_cuda = prefix == "cuda" && path.starts_with("kernels/");
      if (target.starts_with(prefix) && !folders.contains(layer) && !runtime_of_cuda) {
        return "includes <" + target + ">, which " + (layer.empty() ? "it" : layer) + " may not";
      }
    }
    return "";
  }

  const std::string included = resolve(folder_of(path), target);
  if (!tree.contains(included)) return "includes \"" + target + "\", which is not in the tree";
  if (included.starts_with("kernels/") && !path.starts_with("kernels/") && path != "include/qrs/kernels.hpp") {
    return "includes \"" + target + "\": only include/qrs/kernels.hpp names kernels/";
  }
  const std::string other = layer_of(included);
  if (layer.empty()) return "";
  if (!allowed.contains(layer)) return "lies in a folder that is no layer: " + layer;
  if (other.empty()) return name_of(included) == "version.hpp" ? "" : "includes \"" + target + "\", which includes it";
  if (!allowed.at(layer).contains(other)) return "includes \"" + target + "\": " + layer + " may not include " + other;
  return "";
}

/// Macros that may be defined: the project's three, switches of third-party headers, and in the emulator the words of
/// the CUDA language.
inline bool macro_allowed(const std::string& path, const std::string& macro) {
  static const std::set<std::string> own = {"QRS_CHECK", "QRS_HD", "QRS_WITH_CUDA"};
  if (own.contains(macro)) return true;
  if (macro.starts_with("DOCTEST_CONFIG_") || macro.starts_with("STB_IMAGE_") || macro.starts_with("STBI_"))
    return true;
  return path.starts_with("kernels/simt/") && macro.starts_with("__");
}

/// Where the text after '#' and `keyword` begins in a preprocessor line; npos for any other line.
inline std::size_t after_directive(const std::string& line, std::string_view keyword) {
  std::size_t at = line.find_first_not_of(" \t");
  if (at == std::string::npos || line[at] != '#') return std::string::npos;
  at = line.find_first_not_of(" \t", at + 1);
  if (at == std::string::npos || line.compare(at, keyword.size(), keyword) != 0) return std::string::npos;
  return at + keyword.size();
}

/// Whether the word after '#' begins with `keyword`.
inline bool is_directive(const std::string& line, std::string_view keyword) {
  return after_directive(line, keyword) != std::string::npos;
}

/// The first word after `keyword` in a preprocessor line ("#  define X 1" -> "X"); empty for any other line.
inline std::string directive_argument(const std::string& line, std::string_view keyword) {
  std::size_t at = after_directive(line, keyword);
  if (at == std::string::npos) return "";
  at = line.find_first_not_of(" \t", at);
  if (at == std::string::npos) return "";
  const std::size_t end = line.find_first_of(" \t(>", line[at] == '<' ? at : at + 1);
  return line.substr(at, end == std::string::npos ? end : end - at);
}

/// The word of the study of ECG images that a line holds, or nothing: the library and the kernels know no data set and no one
/// paper's experiment. `line` in lower case.
inline std::string word_of_the_study(const std::string& line) {
  static const std::vector<std::string> words = {
      "electrocardi", "infarct",   "myocard",          "rhythm strip",   "history_mi",      "heartbeat", "12-lead",
      "12 lead",      "the paper", "published folder", "published page", "published image", "li et al"};
  static const std::vector<std::string> whole_words = {"ecg", "avr", "avl", "avf", "the leads", "each lead"};
  const auto letter = [&](std::size_t at) {
    return at < line.size() && std::isalnum(static_cast<unsigned char>(line[at])) != 0;
  };
  for (const std::string& word : words) {
    if (line.find(word) != std::string::npos) return word;
  }
  for (const std::string& word : whole_words) {
    for (std::size_t at = line.find(word); at != std::string::npos; at = line.find(word, at + 1)) {
      if ((at == 0 || !letter(at - 1)) && !letter(at + word.size())) return word;
    }
  }
  return "";
}

inline void check_text(const SourceFile& file, const std::set<std::string>& tree,
                       std::vector<std::string>& complaints) {
  constexpr int most_lines = 600;
  // Written in two pieces, so that this file does not complain about itself.
  static const std::vector<std::string> unfinished = {std::string("TO") + "DO", std::string("FIX") + "ME"};
  const bool library = file.path.starts_with("include/") || file.path.starts_with("kernels/");
  const bool compares = !library && !file.path.starts_with("tests/rules/");
  const auto complain = [&](int line, const std::string& what) {
    complaints.push_back(file.path + ":" + std::to_string(line) + " " + what);
  };

  std::vector<std::string> lines = split(file.text, '\n');
  if (lines.back().empty()) lines.pop_back();
  if (static_cast<int>(lines.size()) > most_lines) {
    complain(most_lines + 1, "is " + std::to_string(lines.size()) + " lines long: split it by subject");
  }
  // A .cpp beside a header of its name is told about there.
  const std::string header = file.path.substr(0, file.path.find_last_of('.')) + ".hpp";
  const bool told_elsewhere = file.path.starts_with("tests/") || (file.path.ends_with(".cpp") && tree.contains(header));
  if (is_cpp(file.path) && !told_elsewhere && !file.text.starts_with("//")) {
    complain(1, "does not begin with what it is for");
  }
  if (file.path.ends_with(".hpp") && file.text.find("\n#pragma once\n") == std::string::npos) {
    complain(1, "has no #pragma once");
  }
  int number = 0;
  for (const std::string& line : lines) {
    ++number;
    for (const std::string& word : unfinished) {
      if (line.find(word) != std::string::npos) complain(number, "is unfinished: " + word);
    }
    if (library) {
      std::string lower = line;
      for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      const std::string word = word_of_the_study(lower);
      if (!word.empty()) complain(number, "names the study: " + word);
    }
    if (!is_cpp(file.path)) continue;
    if (compares && compares_by_itself(line))
      complain(number, "compares by itself and cannot see a NaN: see core/compare.hpp");
    if (const std::string macro = directive_argument(line, "define"); !macro.empty()) {
      if (!macro_allowed(file.path, macro)) complain(number, "defines the macro " + macro);
    }
    if (const std::string include = directive_argument(line, "include"); library && include.size() > 2) {
      const std::string target = include.substr(1, include.find_first_of("\">", 1) - 1);
      const std::string complaint = include_complaint(file.path, target, include[0] == '"', tree);
      if (!complaint.empty()) complain(number, complaint);
    }
  }
}

/// The files that a file includes by quotes whatever is defined, as paths in the tree: those between #if and #endif are left out.
inline std::vector<std::string> included_files(const SourceFile& file) {
  std::vector<std::string> included;
  int conditions = 0;
  for (const std::string& line : split(file.text, '\n')) {
    if (is_directive(line, "if")) ++conditions;  // #ifdef and #ifndef too
    if (is_directive(line, "endif")) --conditions;
    const std::string include = directive_argument(line, "include");
    if (conditions == 0 && include.starts_with('"')) {
      included.push_back(resolve(folder_of(file.path), include.substr(1, include.find('"', 1) - 1)));
    }
  }
  return included;
}

/// File -> every other of the files that it includes, directly or not.
inline std::map<std::string, std::set<std::string>> inclusions(const std::vector<SourceFile>& files) {
  std::map<std::string, std::vector<std::string>> direct;
  for (const SourceFile& file : files) direct[file.path] = included_files(file);
  std::map<std::string, std::set<std::string>> all;
  for (const auto& [path, first] : direct) {
    std::set<std::string>& reached = all[path];
    std::vector<std::string> open = first;
    while (!open.empty()) {
      const std::string next = open.back();
      open.pop_back();
      if (!direct.contains(next) || !reached.insert(next).second) continue;
      open.insert(open.end(), direct.at(next).begin(), direct.at(next).end());
    }
  }
  return all;
}

/// The headers of include/ that the table of contents, include/qrs/qrs.hpp, does not reach.
inline std::vector<std::string> missing_from_contents(const std::vector<SourceFile>& files) {
  const std::string contents = "include/qrs/qrs.hpp";
  const std::set<std::string> reached = inclusions(files).at(contents);
  std::vector<std::string> missing;
  for (const SourceFile& file : files) {
    const bool told = file.path == contents || reached.contains(file.path);
    if (file.path.starts_with("include/") && !told) missing.push_back(file.path);
  }
  return missing;
}

/// Where the table of contents is out of order: every header stands after those it includes.
inline std::vector<std::string> out_of_reading_order(const std::vector<SourceFile>& files) {
  const std::string root = "include/qrs/";
  const auto contents =
      std::find_if(files.begin(), files.end(), [&](const auto& f) { return f.path == root + "qrs.hpp"; });
  if (contents == files.end()) return {root + "qrs.hpp is missing"};
  const std::vector<std::string> listed = included_files(*contents);
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < listed.size(); ++i) place[listed[i]] = i;
  std::vector<std::string> complaints;
  for (const SourceFile& file : files) {
    if (!place.contains(file.path)) continue;
    for (const std::string& before : included_files(file)) {
      if (place.contains(before) && place.at(before) > place.at(file.path)) {
        complaints.push_back(file.path + " stands before " + before + ", which it includes");
      }
    }
  }
  return complaints;
}

/// The folders of include/qrs/ml with a learner (a header that declares a fit) that hold no ref.hpp, the plain algorithm, or
/// whose ref.hpp no test of tests/ml includes.
inline std::vector<std::string> learners_without_judge(const std::vector<SourceFile>& files) {
  const std::string ml = "include/qrs/ml/";
  std::set<std::string> learners, plain, judged;
  for (const SourceFile& file : files) {
    const std::string folder = folder_of(file.path);
    if (folder.starts_with(ml)) {
      if (name_of(file.path) == "ref.hpp") plain.insert(folder);
      const bool fits =
          file.text.find(" fit(") != std::string::npos || file.text.find(" fit_checked(") != std::string::npos;
      if (fits && name_of(file.path) != "ref.hpp") learners.insert(folder);
    }
    if (!file.path.starts_with("tests/ml/")) continue;
    for (const std::string& line : split(file.text, '\n')) {
      const std::string include = directive_argument(line, "include");
      if (include.ends_with("/ref.hpp\"") || include.ends_with("/ref.hpp")) {
        judged.insert("include/" + folder_of(include.substr(1)));
      }
    }
  }
  std::vector<std::string> complaints;
  for (const std::string& folder : learners) {
    if (!plain.contains(folder)) complaints.push_back(folder + ": a learner without ref.hpp, its plain algorithm");
    if (plain.contains(folder) && !judged.contains(folder)) {
      complaints.push_back(folder + "/ref.hpp: judges nothing in tests/ml");
    }
  }
  return complaints;
}

/// What the families of kernels lack: every folder kernels/<family> has its contract <family>.hpp, its judge ref.hpp and its
/// fast version cpu.hpp, and tests/kernels/<family>_test.cpp includes the judge. simd, cuda and simt are what families are made of.
inline std::vector<std::string> unjudged_families(const std::vector<SourceFile>& files) {
  static const std::set<std::string> no_family = {"simd", "cuda", "simt"};
  std::set<std::string> tree;
  std::set<std::string> families;
  std::map<std::string, std::vector<std::string>> included;
  for (const SourceFile& file : files) {
    tree.insert(file.path);
    const std::vector<std::string> parts = split(file.path, '/');
    if (parts.size() > 2 && parts[0] == "kernels" && !no_family.contains(parts[1])) families.insert(parts[1]);
    if (file.path.starts_with("tests/kernels/")) included[file.path] = included_files(file);
  }
  std::vector<std::string> complaints;
  for (const std::string& family : families) {
    const std::string folder = "kernels/" + family;
    for (const std::string& name : {family + ".hpp", std::string("ref.hpp"), std::string("cpu.hpp")}) {
      if (!tree.contains(folder + "/" + name)) complaints.push_back(folder + " has no " + name);
    }
    const std::string test = "tests/kernels/" + family + "_test.cpp";
    const std::vector<std::string>& judges = included[test];
    if (!tree.contains(test)) {
      complaints.push_back(folder + " has no " + test);
    } else if (std::find(judges.begin(), judges.end(), folder + "/ref.hpp") == judges.end()) {
      complaints.push_back(test + " does not include " + folder + "/ref.hpp");
    }
  }
  return complaints;
}

/// Everything that is wrong with the tree, one line each: "path:line what".
inline std::vector<std::string> violations(const std::vector<SourceFile>& files) {
  static const std::set<std::string> no_subject = {"util", "utils", "helper", "helpers", "common", "misc", "base"};
  std::set<std::string> tree;
  for (const SourceFile& file : files) tree.insert(file.path);

  std::vector<std::string> complaints;
  for (const SourceFile& file : files) {
    const std::string name = name_of(file.path);
    if (no_subject.contains(name.substr(0, name.find('.')))) complaints.push_back(file.path + ": a name of no subject");
    check_text(file, tree, complaints);
  }
  return complaints;
}

}  // namespace rules
