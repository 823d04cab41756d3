// The tree keeps its rules, and the rules see what they are meant to see.
#include "rules.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "include_chains.hpp"
#include "read_tree.hpp"

namespace {

std::vector<rules::SourceFile> read_tree() {
  return rules::read_tree({"include", "kernels", "apps", "tests", "bench", "docs"});
}

/// The complaints about one planted header beside a small tree that keeps the rules.
std::vector<std::string> about(const std::string& path, const std::string& body) {
  const std::string fine = "// What it is for.\n#pragma once\n";
  return rules::violations({{"include/qrs/core/error.hpp", fine},
                            {"include/qrs/kernels.hpp", fine + "#include \"../../kernels/gemm/gemm.hpp\"\n"},
                            {"include/qrs/tensor/tensor.hpp", fine + "#include \"../kernels.hpp\"\n"},
                            {"include/qrs/ops/relu.hpp", fine + "#include \"../tensor/tensor.hpp\"\n"},
                            {"include/qrs/nn/linear.hpp", fine + "#include \"../ops/relu.hpp\"\n"},
                            {"kernels/gemm/gemm.hpp", fine + "#include \"../../include/qrs/core/error.hpp\"\n"},
                            {path, fine + body}});
}

bool complains(const std::string& path, const std::string& body, const std::string& words) {
  const std::vector<std::string> found = about(path, body);
  CAPTURE(found.size());
  return found.size() == 1 && found[0].starts_with(path) && found[0].find(words) != std::string::npos;
}

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("the tree keeps the rules") {
  const std::vector<rules::SourceFile> files = read_tree();
  CHECK(std::count_if(files.begin(), files.end(), [](const auto& f) { return f.path.starts_with("include/"); }) > 10);
  for (const std::string& complaint : rules::violations(files)) FAIL_CHECK(complaint);
}

TEST_CASE("the table of contents reaches every header") {
  for (const std::string& path : rules::missing_from_contents(read_tree())) {
    FAIL_CHECK("include/qrs/qrs.hpp does not reach " << path);
  }
  const std::vector<rules::SourceFile> planted = {{"include/qrs/qrs.hpp", "#include \"ops/add.hpp\"\n"},
                                                  {"include/qrs/ops/add.hpp", "#include \"../core/error.hpp\"\n"},
                                                  {"include/qrs/core/error.hpp", ""},
                                                  {"include/qrs/ops/forgotten.hpp", ""}};
  CHECK(rules::missing_from_contents(planted) == std::vector<std::string>{"include/qrs/ops/forgotten.hpp"});
}

TEST_CASE("the table of contents is in reading order: a header stands after those it includes") {
  for (const std::string& complaint : rules::out_of_reading_order(read_tree())) FAIL_CHECK(complaint);
  const std::vector<rules::SourceFile> planted = {
      {"include/qrs/qrs.hpp", "#include \"ops/add.hpp\"\n#include \"core/error.hpp\"\n"},
      {"include/qrs/ops/add.hpp", "#include \"../core/error.hpp\"\n"},
      {"include/qrs/core/error.hpp", ""}};
  CHECK(
      rules::out_of_reading_order(planted) ==
      std::vector<std::string>{"include/qrs/ops/add.hpp stands before include/qrs/core/error.hpp, which it includes"});
}

TEST_CASE("every learner has its plain algorithm beside it, and a test that judges by it") {
  for (const std::string& complaint : rules::learners_without_judge(read_tree())) FAIL_CHECK(complaint);
  std::vector<rules::SourceFile> planted = {{"include/qrs/ml/knn/knn.hpp", "  void fit(MatrixView<T> x);\n"},
                                            {"include/qrs/ml/decompose/dot.hpp", "double dot();\n"},
                                            {"include/qrs/ml/scaler.hpp", "  void fit(MatrixView<T> x);\n"}};
  const auto found = [&] { return rules::learners_without_judge(planted); };
  REQUIRE(found().size() == 1);
  CHECK(found()[0] == "include/qrs/ml/knn: a learner without ref.hpp, its plain algorithm");
  planted.push_back({"include/qrs/ml/knn/ref.hpp", "void fit();\n"});
  planted.push_back({"tests/ml/knn_test.cpp", "#include <qrs/ml/knn/knn.hpp>\n#include <qrs/ml/tree/ref.hpp>\n"});
  REQUIRE(found().size() == 1);
  CHECK(found()[0] == "include/qrs/ml/knn/ref.hpp: judges nothing in tests/ml");
  planted.back().text += "#include \"qrs/ml/knn/ref.hpp\"\n";
  CHECK(found().empty());
}

TEST_CASE("every family of kernels has a contract, a judge, a fast version and a test that asks the judge") {
  const std::vector<rules::SourceFile> tree = read_tree();
  for (const std::string& complaint : rules::unjudged_families(tree)) FAIL_CHECK(complaint);
  CHECK(std::any_of(tree.begin(), tree.end(), [](const auto& f) { return f.path == "kernels/gemm/ref.hpp"; }));

  const std::vector<rules::SourceFile> whole = {
      {"kernels/CMakeLists.txt", ""}, {"kernels/simd/simd.hpp", ""},
      {"kernels/gemm/gemm.hpp", ""},  {"kernels/gemm/ref.hpp", ""},
      {"kernels/gemm/cpu.hpp", ""},   {"tests/kernels/gemm_test.cpp", "#include \"../../kernels/gemm/ref.hpp\"\n"}};
  CHECK(rules::unjudged_families(whole).empty());
  const auto without = [&](const std::string& path) {
    std::vector<rules::SourceFile> files = whole;
    std::erase_if(files, [&](const auto& f) { return f.path == path; });
    return rules::unjudged_families(files);
  };
  using Complaints = std::vector<std::string>;
  CHECK(without("kernels/gemm/gemm.hpp") == Complaints{"kernels/gemm has no gemm.hpp"});
  CHECK(without("kernels/gemm/ref.hpp") == Complaints{"kernels/gemm has no ref.hpp"});
  CHECK(without("kernels/gemm/cpu.hpp") == Complaints{"kernels/gemm has no cpu.hpp"});
  CHECK(without("tests/kernels/gemm_test.cpp") == Complaints{"kernels/gemm has no tests/kernels/gemm_test.cpp"});
  std::vector<rules::SourceFile> unasked = whole;
  unasked.back().text = "// kernels/gemm/ref.hpp\n#include \"../../kernels/conv2d/ref.hpp\"\n";
  CHECK(rules::unjudged_families(unasked) ==
        Complaints{"tests/kernels/gemm_test.cpp does not include kernels/gemm/ref.hpp"});
}

TEST_CASE("chains hold every header once, after headers that it includes, in the fewest lists") {
  // What b includes under a condition does not count: a build without it must compile too.
  // a <- b <- d, a <- c <- d, a <- e: at most b, c and e stand side by side, so three lists.
  const std::vector<rules::SourceFile> planted = {
      {"include/qrs/core/a.hpp", "#include <vector>\n"},
      {"include/qrs/core/b.hpp", "#include \"a.hpp\"\n#ifdef X\n#include \"c.hpp\"\n#endif\n"},
      {"include/qrs/core/c.hpp", "#include \"a.hpp\"\n"},
      {"include/qrs/io/d.hpp", "#include \"../core/b.hpp\"\n#include \"../core/c.hpp\"\n"},
      {"include/qrs/io/e.hpp", "#include \"../core/a.hpp\"\n"}};
  const auto all = rules::inclusions(planted);
  CHECK(all.at("include/qrs/io/d.hpp").size() == 3);
  const auto chains = rules::include_chains(planted);
  CHECK(chains.size() == 3);
  CHECK(chains[0].back() == "include/qrs/io/d.hpp");
  std::size_t members = 0;
  for (const auto& chain : chains) {
    members += chain.size();
    for (std::size_t i = 1; i < chain.size(); ++i) CHECK(all.at(chain[i]).contains(chain[i - 1]));
  }
  CHECK(members == planted.size());
}

TEST_CASE("the code in README is the lesson's, line for line") {
  const auto read = [](const char* path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string lesson = "\n" + read("apps/examples/02_network.cpp");
  bool inside = false;
  int lines = 0;
  for (const std::string& line : rules::split(read("README.md"), '\n')) {
    if (line.starts_with("```")) {
      inside = line == "```cpp";
    } else if (inside) {
      ++lines;
      CHECK_MESSAGE(lesson.find("\n" + line + "\n") != std::string::npos, line);
    }
  }
  CHECK(lines > 0);
}

TEST_CASE("a planted header that keeps the rules draws no complaint") {
  CHECK(about("include/qrs/models/resnet.hpp", "#include <vector>\n\n#include \"../nn/linear.hpp\"\n").empty());
  CHECK(about("kernels/gemm/cuda.cu", "#include <cuda_runtime.h>\n#include \"gemm.hpp\"\n").empty());
}

TEST_CASE("an edge back is seen") {
  CHECK(complains("include/qrs/tensor/print.hpp", "#include \"../ops/relu.hpp\"\n", "tensor may not include ops"));
  CHECK(complains("include/qrs/optim/sgd.hpp", "#include \"../models/resnet.hpp\"\n", "not in the tree"));
  CHECK(complains("kernels/gemm/cpu.hpp", "#include \"../../include/qrs/tensor/tensor.hpp\"\n",
                  "kernels may not include tensor"));
  CHECK(complains("include/qrs/metrics/roc.hpp", "#include \"../tensor/tensor.hpp\"\n",
                  "metrics may not include tensor"));
  CHECK(complains("include/qrs/tools/x.hpp", "#include \"../core/error.hpp\"\n", "no layer"));
}

TEST_CASE("a second bridge to the kernels is seen") {
  CHECK(complains("include/qrs/ops/gemm.hpp", "#include \"../../../kernels/gemm/gemm.hpp\"\n",
                  "only include/qrs/kernels.hpp"));
}

TEST_CASE("a header of a stranger is seen where it does not belong") {
  CHECK(complains("kernels/gemm/cuda.cu", "#include <Eigen/Core>\n", "kernels may not"));
  CHECK(complains("include/qrs/nn/conv.hpp", "#include <nlohmann/json.hpp>\n", "nn may not"));
  CHECK(complains("include/qrs/core/log.hpp", "#include <iostream>\n", "every user would pay"));
  CHECK(complains("include/qrs/nn/conv.hpp", "#include <qrs/ops/relu.hpp>\n", "relative"));
  CHECK(about("include/qrs/ml/pca/pca.hpp", "#include <Eigen/Core>\n").empty());
}

TEST_CASE("a comparator that cannot see a NaN is seen in tests, benchmarks and programs") {
  for (const char* line : {
           "worst = std::max(worst, std::abs(a[i] - b[i]));",
           "out.worst = std::max<double>(out.worst, d);",
           "std::max({max_error, low - x, x - high});",
           "most = std::max(most, std::fabs(a[i] - b[i]));",
           "furthest = std::fmax(furthest, x);",
           "if (error > out.max_error) out.max_error = error;",
           "worst = error <= worst ? worst : error;",
       }) {
    CAPTURE(line);
    const std::string body = std::string("inline void f() {\n  ") + line + "\n}\n";
    for (const char* path : {"tests/ml/x_test.hpp", "bench/kernels/x.hpp", "apps/parity/x.hpp"}) {
      CHECK(complains(path, body, "compares by itself"));
    }
    CHECK(about("include/qrs/core/x.hpp", body).empty());  // algorithms look for maxima too
  }
  for (const char* line : {
           "best = std::max(best, gain);  // not worst = std::max(worst, gain)",
           "const double most = std::max({std::abs(low), std::abs(high), 1e-300});",
           "worst.add(got[i], expected[i]);",
           "if (error > 0) return;",
       }) {
    CAPTURE(line);
    CHECK(about("tests/ml/x_test.hpp", std::string(line) + "\n").empty());
  }
}

TEST_CASE("a word of the study is seen in the library, and left alone in the study") {
  CHECK(complains("include/qrs/data/x.hpp", "// Pages of an ECG.\n", "names the study: ecg"));
  CHECK(complains("include/qrs/data/x.hpp", "inline int ecg_classes;\n", "names the study: ecg"));
  CHECK(complains("kernels/gemm/cpu.hpp", "// As in the paper's Table 2.\n", "names the study: the paper"));
  CHECK(complains("include/qrs/image/x.hpp", "// The share of each lead.\n", "names the study: each lead"));
  CHECK(complains("include/qrs/image/x.hpp", "draw(\"Myocardial Infarction\");\n", "names the study"));
  CHECK(about("include/qrs/image/x.hpp", "// Steps that lead to a secgment; heavy rows; avert.\n").empty());
  CHECK(about("apps/ecg_images/x.hpp", "// The 12-lead ECG.\n").empty());
}

TEST_CASE("length, names, macros, guards and unfinished work are seen") {
  CHECK(complains("include/qrs/core/long.hpp", repeated("\n", 599), "601 lines"));
  CHECK(about("include/qrs/core/long.hpp", repeated("\n", 598)).empty());
  CHECK(complains("include/qrs/core/utils.hpp", "", "no subject"));
  CHECK(complains("include/qrs/core/log.hpp", "#  define LOG(x) x\n", "macro LOG"));
  CHECK(complains("kernels/gemm/gemm_tile.hpp", "#define __shared__\n", "macro __shared__"));
  CHECK(about("kernels/simt/simt.hpp", "#define __shared__\n").empty());
  CHECK(complains("tests/core/x_test.cpp", std::string("// TO") + "DO\n", "unfinished"));
  CHECK(rules::violations({{"include/qrs/core/a.hpp", "// For what.\n"}}).size() == 1);
  CHECK(rules::violations({{"include/qrs/core/a.hpp", "\n#pragma once\n"}}).size() == 1);
}
