#include "op_cases.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "files.hpp"

namespace qrs::parity {

namespace {

template <class T>
void run_entry(Report& report, const ReferenceFile& file, const std::string& name, const nlohmann::json& entry) {
  run_case(report, name, [&](CaseRows& rows) {
    const std::string op = entry.contains("op") && entry["op"].is_string() ? entry["op"] : "";
    const auto found = op_registry<T>().find(op);
    if (found == op_registry<T>().end()) throw NotKnown(text("operation '", op, "' is not known"));
    const std::vector<std::string>& known = found->second.parameters;
    for (const auto& item : entry.items()) {
      const std::string& key = item.key();
      if (key == "case" || key == "op" || std::find(known.begin(), known.end(), key) != known.end()) continue;
      throw NotKnown(text("parameter '", key, "' of operation '", op, "' is not known"));
    }
    OpContext<T> context(file.tensors(), entry, file.device(), rows);
    found->second.run(context);
  });
}

}  // namespace

template <class T>
void run_op_file(Report& report, const ReferenceFile& file) {
  const nlohmann::json cases = file.metadata("cases");
  std::set<std::string> listed;
  for (const nlohmann::json& entry : cases) {
    const std::string name = file.case_name(entry);
    listed.insert(name);
    if (file.wants(name)) run_entry<T>(report, file, name, entry);
  }
  // Tensors that no entry names: an operation of its own name and without parameters (softmax/x, softmax/y, ...).
  for (const std::string& tensor : file.tensors().names()) {
    const std::string name = tensor.substr(0, tensor.find('/'));
    if (!op_registry<T>().contains(name) || !listed.insert(name).second || !file.wants(name)) continue;
    run_entry<T>(report, file, name, {{"case", name}, {"op", name}});
  }
}

template void run_op_file<float>(Report&, const ReferenceFile&);
template void run_op_file<double>(Report&, const ReferenceFile&);

}  // namespace qrs::parity
