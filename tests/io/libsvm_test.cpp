// LIBSVM's data and model files: what is read, and what is refused with line and column.
#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "qrs/io/libsvm_format.hpp"
#include "qrs/io/libsvm_model_file.hpp"

using namespace qrs::io;

namespace {

std::string data_error(const std::string& text) {
  try {
    parse_libsvm_data(text, "a.txt");
  } catch (const qrs::Error& error) {
    return error.what();
  }
  return "no error";
}

const std::string model_text =
    "svm_type c_svc\nkernel_type polynomial\ndegree 2\ngamma 0.5\ncoef0 1\nnr_class 3\ntotal_sv 4\n"
    "rho 0.25 -1 3\nlabel 1 -1 7\nprobA -1 -2 -3\nprobB 0 0.5 1\nnr_sv 2 1 1\nSV\n"
    "0.5 0 1:0.1 3:-2 \n0.5 1 2:1e-3 \n-1 0.5 1:1 \n-1 -0.5 \n";

std::string model_error(const std::string& text) {
  try {
    parse_libsvm_model(text, "m");
  } catch (const qrs::Error& error) {
    return error.what();
  }
  return "no error";
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("LIBSVM data: labels, indices and values, blanks, comments and both line ends") {
  const LibsvmData data = parse_libsvm_data("+1 1:0.5 3:-1.25\r\n\n  -1\t2:1e-3  \n# nothing\n2.5 # bare\n0 7:+3");
  CHECK(data.labels == std::vector<double>{1.0, -1.0, 2.5, 0.0});
  CHECK(data.index == std::vector<std::int32_t>{1, 3, 2, 7});
  CHECK(data.value == std::vector<double>{0.5, -1.25, 1e-3, 3.0});
  CHECK(data.begin == std::vector<std::size_t>{0, 2, 3, 3, 4});
  CHECK(data.features() == 7);
  CHECK(libsvm_dense<float>(data)[2] == -1.25F);
  CHECK(libsvm_dense<float>(data, 9).size() == 36);
  CHECK(parse_libsvm_data(libsvm_text(data)) == data);
}

TEST_CASE("LIBSVM data come back from a dense matrix with every digit") {
  const std::vector<std::int64_t> labels{3, -4};
  const std::vector<double> values{0.1, 0.0, 1.0 / 3.0, 0.0, 1e-300, -7.0};
  const LibsvmData data = libsvm_samples<double>(labels, values);
  CHECK(data.index == std::vector<std::int32_t>{1, 3, 2, 3});
  const LibsvmData again = parse_libsvm_data(libsvm_text(data));
  CHECK(libsvm_dense<double>(again, 3) == values);
  CHECK(libsvm_labels(again) == labels);
}

TEST_CASE("LIBSVM data that are not are refused at line and column") {
  CHECK(data_error("1 1:2\n1 3:1 2:5\n") ==
        "[libsvm] a.txt, line 2, column 7 (byte 12): expected an index above 3, ascending along the line, got '2:5'");
  CHECK(data_error("1 2:1 2:5\n") ==
        "[libsvm] a.txt, line 1, column 7 (byte 6): expected an index above 2, ascending along the line, got '2:5'");
  CHECK(data_error("x 1:2") ==
        "[libsvm] a.txt, line 1, column 1 (byte 0): expected a label that is a finite number, got 'x'");
  CHECK(data_error("1 a:2") ==
        "[libsvm] a.txt, line 1, column 3 (byte 2): expected an index from 1 (0 for the number of "
        "a sample), got 'a:2'");
  CHECK(data_error("1 -3:2") ==
        "[libsvm] a.txt, line 1, column 3 (byte 2): expected an index from 1 (0 for the number "
        "of a sample), got '-3:2'");
  CHECK(data_error("1 99999999999:2").find("column 3") != std::string::npos);
  CHECK(data_error("1 4 5:2") ==
        "[libsvm] a.txt, line 1, column 4 (byte 3): expected a colon after the index, got the end of the line");
  CHECK(data_error("1 4:") ==
        "[libsvm] a.txt, line 1, column 5 (byte 4): expected a finite number after the colon, got the end of the file");
  CHECK(data_error("1 4:nan") ==
        "[libsvm] a.txt, line 1, column 5 (byte 4): expected a finite number after the colon, got 'nan'");
  CHECK(data_error("1 4:1e999").find("expected a finite number") != std::string::npos);
  CHECK(data_error("1 4:2x").find("expected a blank after the value, got 'x'") != std::string::npos);
  CHECK(data_error("1,2 4:2").find("expected a blank after the label, got ',2'") != std::string::npos);
  CHECK(data_error("") == "[libsvm] a.txt, byte 0: expected at least one sample, got none");
  const LibsvmData huge = parse_libsvm_data("1 2147483647:1\n2 1:1\n");
  CHECK_THROWS_WITH_AS(
      libsvm_dense<float>(huge),
      "[libsvm] text: expected at most 16777216 values in a dense matrix (2^24, or 1024 for each value in "
      "the file), got 2 rows x 2147483647 columns: is the largest index right?",
      qrs::Error);
  CHECK_THROWS_WITH_AS(libsvm_dense<float>(parse_libsvm_data("1 5:1"), 4),
                       "[libsvm] text: expected indices from 1 to 4, 4 features, got 5 in row 0", qrs::Error);
  CHECK_THROWS_WITH_AS(libsvm_labels(parse_libsvm_data("0.5 5:1")),
                       "[libsvm] expected integer labels, got 0.5 in row 0", qrs::Error);
  CHECK_THROWS_WITH_AS(libsvm_labels(parse_libsvm_data("9007199254740993 5:1")),
                       "[libsvm] expected labels that are not too large, at most 2^53 - 1, got 9.00719925e+15 in row 0",
                       qrs::Error);
}

TEST_CASE("a LIBSVM model is read, and written as it was") {
  const LibsvmModel model = parse_libsvm_model(model_text);
  CHECK(model.kernel == "polynomial");
  CHECK(model.degree == 2);
  CHECK(model.gamma == 0.5);
  CHECK(model.label == std::vector<std::int64_t>{1, -1, 7});
  CHECK(model.prob_b == std::vector<double>{0.0, 0.5, 1.0});
  CHECK(model.coefficients == std::vector<double>{0.5, 0.0, 0.5, 1.0, -1.0, 0.5, -1.0, -0.5});
  CHECK(model.vectors.index == std::vector<std::int32_t>{1, 3, 2, 1});
  CHECK(libsvm_text(model) == replaced(model_text, "1e-3", "0.001"));
  CHECK(parse_libsvm_model(libsvm_text(model)) == model);
}

TEST_CASE("a LIBSVM model that is not is one clear error") {
  CHECK(model_error(replaced(model_text, "c_svc", "nu_svc")) ==
        "[libsvm] m, line 1, column 10 (byte 9): expected svm_type c_svc, got 'nu_svc'");
  CHECK(model_error(replaced(model_text, "polynomial", "rbff")).find("expected kernel_type linear") !=
        std::string::npos);
  CHECK(model_error(replaced(model_text, "total_sv 4", "total_sv 5")) ==
        "[libsvm] m: expected nr_sv to add up to total_sv, 5, got 4");
  CHECK(model_error(replaced(model_text, "rho 0.25 -1 3", "rho 0.25 -1")).find("line 8, column 12") !=
        std::string::npos);
  CHECK(model_error(replaced(model_text, "rho 0.25 -1 3", "rho 0.25 -1 3 4"))
            .find("expected the end of the line after 3 values, got '4'") != std::string::npos);
  CHECK(model_error(replaced(model_text, "nr_class 3\n", "")).find("expected nr_class before rho") !=
        std::string::npos);
  CHECK(model_error(replaced(model_text, "nr_class 3", "nr_class 99999")).find("expected 2 to 32767 classes") !=
        std::string::npos);
  CHECK(model_error(replaced(model_text, "probB 0 0.5 1\n", "")) ==
        "[libsvm] m: expected probA and probB or neither, got 3 and 0 values");
  CHECK(model_error(replaced(model_text, "label 1 -1 7\n", "")).find("expected label before") != std::string::npos);
  CHECK(model_error(replaced(model_text, "gamma", "gama")).find("expected a word of a LIBSVM model") !=
        std::string::npos);
  CHECK(
      model_error(replaced(model_text, "-1 0.5 1:1", "-1 inf 1:1")).find("expected a finite coefficient, got 'inf'") !=
      std::string::npos);
  CHECK(model_error(replaced(model_text, "1:0.1 3:-2", "3:0.1 1:-2")).find("expected an index above 3") !=
        std::string::npos);
  CHECK(model_error(model_text + "1 1 1:1\n").find("expected the end of the file after 4 support vectors") !=
        std::string::npos);
  // Cut anywhere it is an error, but for cuts inside the last line that leave a whole one.
  for (std::size_t length = 0; length + 10 < model_text.size(); ++length) {
    CHECK(model_error(model_text.substr(0, length)) != "no error");
  }
}

TEST_CASE("LIBSVM data that count from 0 keep their first feature; numbers of samples are none") {
  const LibsvmData zero = parse_libsvm_data("1 0:2.5 1:3\n0 1:4\n");
  CHECK(zero.counts_from_zero());
  CHECK(libsvm_dense<float>(zero, 0, 0) == std::vector<float>{2.5F, 3.0F, 0.0F, 4.0F});
  const LibsvmData numbered = parse_libsvm_data("1 0:1 1:3\n0 0:2 1:4\n");
  CHECK_FALSE(numbered.counts_from_zero());
  CHECK(libsvm_dense<float>(numbered) == std::vector<float>{3.0F, 4.0F});
  CHECK_FALSE(parse_libsvm_data("1 1:3\n").counts_from_zero());
}

TEST_CASE("LIBSVM data are known by their first lines") {
  CHECK(qrs::io::reads_as_libsvm("+1 1:0.5 3:-1\n-1\n"));
  CHECK(qrs::io::reads_as_libsvm("# a remark\n0 0:1\n"));
  for (const char* other : {"", "1\n0\n", "1,2\n", "a:1 b:2\n", "1 2 3\n", "1 1:x\n", "1 qid:3 1:2\n"}) {
    CAPTURE(other);
    CHECK_FALSE(qrs::io::reads_as_libsvm(other));
  }
}
