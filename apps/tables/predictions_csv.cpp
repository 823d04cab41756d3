#include "predictions_csv.hpp"

#include "qrs/io/csv.hpp"
#include "qrs/io/text_cursor.hpp"

namespace qrs::tables {

std::string predictions_csv(const std::vector<std::string>& class_names, const std::vector<Prediction>& predictions) {
  std::string out = "file,label,predicted,right";
  for (const std::string& name : class_names) {
    out += ",";
    io::append_csv_field(out, name);
  }
  out += ",error\n";
  const auto append_class = [&](std::int64_t label) {
    out += ",";
    if (label >= 0) io::append_csv_field(out, class_names[static_cast<std::size_t>(label)]);
  };
  for (const Prediction& p : predictions) {
    io::append_csv_field(out, p.file);
    append_class(p.label);
    append_class(p.predicted);
    out += ",";
    if (p.label >= 0 && p.predicted >= 0) out += p.label == p.predicted ? "1" : "0";
    for (std::size_t c = 0; c < class_names.size(); ++c) {
      out += ",";
      if (c < p.probabilities.size()) io::append_number(out, p.probabilities[c]);
    }
    out += ",";
    io::append_csv_field(out, p.error);
    out += "\n";
  }
  return out;
}

}  // namespace qrs::tables
