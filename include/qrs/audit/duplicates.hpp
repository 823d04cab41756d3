// Which images are the same: groups of equal content.
//
//   const std::vector<std::int64_t> group = qrs::audit::content_groups(data.hashes);     // group[i] == group[j]: same bytes
//
// Equal means byte for byte (SHA-256 of the file). Groups are numbered by their first member.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace qrs::audit {

/// The group of each item: items with equal hashes share one. Groups count from 0 in the order of their first items.
inline std::vector<std::int64_t> content_groups(std::span<const std::string> hashes) {
  std::map<std::string, std::int64_t> known;
  std::vector<std::int64_t> out;
  for (const std::string& hash : hashes) {
    out.push_back(known.emplace(hash, static_cast<std::int64_t>(known.size())).first->second);
  }
  return out;
}

/// How many different groups there are among these items.
inline std::int64_t distinct_groups(std::span<const std::int64_t> groups) {
  std::vector<std::int64_t> sorted(groups.begin(), groups.end());
  std::sort(sorted.begin(), sorted.end());
  return std::unique(sorted.begin(), sorted.end()) - sorted.begin();
}

}  // namespace qrs::audit
