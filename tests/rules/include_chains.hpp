// As few translation units as can show that every header stands alone.
//
// A header after headers that it includes anyway sees what it would see alone, so a list of headers, each of which includes
// all before it, compiles as well as each by itself. "Includes" orders the headers; the fewest such lists that hold all of
// them are a minimum chain cover of that order: by Dilworth's theorem, the number of headers less a maximum matching of
// headers to later ones (Fulkerson 1956). Here it comes to a third of the headers.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rules.hpp"

namespace rules {

/// Every header once, in lists of which each member includes all before it; those with most to compile first.
inline std::vector<std::vector<std::string>> include_chains(const std::vector<SourceFile>& headers) {
  const std::map<std::string, std::set<std::string>> below = inclusions(headers);
  std::map<std::string, std::string> before;  // header -> the one before it in its chain: the matching
  for (const SourceFile& header : headers) {
    // Kuhn's augmenting path: give `lower` a header to stand before, moving others on where that makes room.
    std::set<std::string> tried;
    const std::function<bool(const std::string&)> place = [&](const std::string& lower) {
      for (const SourceFile& upper : headers) {
        if (!below.at(upper.path).contains(lower) || !tried.insert(upper.path).second) continue;
        const auto taken = before.find(upper.path);
        if (taken == before.end() || place(taken->second)) {
          before[upper.path] = lower;
          return true;
        }
      }
      return false;
    };
    place(header.path);
  }
  std::set<std::string> followed;
  for (const auto& [upper, lower] : before) followed.insert(lower);
  std::vector<std::vector<std::string>> chains;
  for (const SourceFile& last : headers) {
    if (followed.contains(last.path)) continue;
    std::vector<std::string> chain = {last.path};
    while (before.contains(chain.back())) chain.push_back(before.at(chain.back()));
    std::reverse(chain.begin(), chain.end());
    chains.push_back(chain);
  }
  std::stable_sort(chains.begin(), chains.end(),
                   [&](const auto& a, const auto& b) { return below.at(a.back()).size() > below.at(b.back()).size(); });
  return chains;
}

}  // namespace rules
