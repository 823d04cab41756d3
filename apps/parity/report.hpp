// What a comparison with reference files found: rows, verdicts, counts.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "qrs/tensor/compare.hpp"
#include "qrs/tensor/dispatch.hpp"

namespace qrs::parity {

/// One quantity of one case.
struct Row {
  std::string case_name;
  std::string quantity;
  double error = 0.0;  // max |got - reference| / max |reference|, unless the quantity says otherwise
  double tolerance = 0.0;
  bool ok = false;
  std::string note;  // of a failed row: where, and both values; or the message of an exception
};

/// A case that was not run, and why.
struct Skip {
  std::string case_name;
  std::string reason;
};

struct Report {
  std::vector<Row> rows;
  std::vector<Skip> skips;
  int cases = 0;   // run to a verdict; the skipped ones are not among them
  int failed = 0;  // with at least one row that is not ok

  int skipped() const { return static_cast<int>(skips.size()); }
  bool nothing_matched() const { return cases == 0 && skips.empty(); }
};

/// Thrown by a runner that cannot know what a case means: a parameter or a name from a later version of the format.
class NotKnown : public Error {
 public:
  using Error::Error;
};

/// Collects the rows of one case.
class CaseRows {
 public:
  explicit CaseRows(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }

  /// Adds a row from a measured difference.
  void add(std::string quantity, const Difference& difference, double tolerance) {
    const bool ok = difference.relative() <= tolerance;
    rows_.push_back({name_, std::move(quantity), difference.relative(), tolerance, ok, ok ? "" : difference.text()});
  }
  /// Adds a row from an error that was computed otherwise.
  void add(std::string quantity, double error, double tolerance) {
    rows_.push_back({name_, std::move(quantity), error, tolerance, error <= tolerance, ""});
  }

  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::string name_;
  std::vector<Row> rows_;
};

/// Runs body(rows) as a case. A case that throws has failed, one that is not known or has no kernel on the device is
/// skipped; the others go on.
template <class Body>
void run_case(Report& report, const std::string& name, const Body& body) {
  CaseRows rows(name);
  bool failed = false;
  try {
    body(rows);
    QRS_CHECK(!rows.rows().empty(), "[parity] expected reference values to compare with in case '", name,
              "', got none");
  } catch (const NoKernel& error) {
    report.skips.push_back({name, error.what()});
    return;
  } catch (const NotKnown& error) {
    report.skips.push_back({name, error.what()});
    return;
  } catch (const Error& error) {
    report.rows.push_back({name, "run", std::numeric_limits<double>::infinity(), 0.0, false, error.what()});
    failed = true;
  }
  for (const Row& row : rows.rows()) {
    report.rows.push_back(row);
    failed = failed || !row.ok;
  }
  ++report.cases;
  report.failed += failed ? 1 : 0;
}

}  // namespace qrs::parity
