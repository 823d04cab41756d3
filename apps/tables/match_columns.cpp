// match_columns.
#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "qrs/core/error.hpp"
#include "qrs/io/byte_reader.hpp"
#include "tables.hpp"

namespace qrs::tables {

namespace {

/// Up to eight names that stand in `names` and not in `others`.
std::string without(const std::vector<std::string>& names, const std::vector<std::string>& others) {
  std::string out;
  int more = 0;
  int listed = 0;
  for (const std::string& name : names) {
    if (std::find(others.begin(), others.end(), name) != others.end()) continue;
    if (listed == 8) {
      ++more;
      continue;
    }
    out += text(listed++ > 0 ? ", " : "", io::shown(name));
  }
  if (more > 0) out += text(" and ", more, " more");
  return out.empty() ? "none" : out;
}

}  // namespace

template <class T>
void match_columns(Features<T>& features, const std::vector<std::string>& wanted, const std::string& source) {
  if (wanted.empty() || features.names.empty() || features.names == wanted) return;
  std::map<std::string, std::int64_t> place;
  for (std::size_t j = 0; j < features.names.size(); ++j) {
    const bool added = place.emplace(features.names[j], static_cast<std::int64_t>(j)).second;
    QRS_CHECK(added, "[table] ", source,
              ": expected names of columns that differ, to find those of the model by them, got '",
              io::shown(features.names[j]), "' twice");
  }
  const std::string missing = without(wanted, features.names);
  const std::string extra = without(features.names, wanted);
  QRS_CHECK(missing == "none" && extra == "none", "[table] ", source,
            ": expected the columns that the model was fitted ", "on, got others: missing ", missing,
            "; not in the model: ", extra);
  QRS_CHECK(features.names.size() == wanted.size(), "[table] ", source, ": expected ", wanted.size(),
            " columns as in the model, got ", features.names.size());
  ml::Matrix<T> ordered(features.x.rows(), features.x.cols());
  for (std::size_t to = 0; to < wanted.size(); ++to) {
    const std::int64_t from = place.at(wanted[to]);
    for (std::int64_t i = 0; i < ordered.rows(); ++i) ordered(i, static_cast<std::int64_t>(to)) = features.x(i, from);
  }
  features.x = std::move(ordered);
  features.names = wanted;
}

template void match_columns<float>(Features<float>&, const std::vector<std::string>&, const std::string&);
template void match_columns<double>(Features<double>&, const std::vector<std::string>&, const std::string&);

}  // namespace qrs::tables
