// What a file is called, by its first bytes.
#include "../../include/qrs/io/file_kind.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include "io_files.hpp"

using namespace qrs::io;
using namespace std::string_literals;

namespace {

std::string_view kind_of(const std::string& bytes) { return file_kind(as_bytes(bytes)); }

}  // namespace

TEST_CASE("a file's kind is told by its bytes") {
  const std::pair<std::string, std::string_view> files[] = {
      {"", "an empty file"},
      {"\x40\0\0\0\0\0\0\0{\"w\":{}}"s, "a safetensors file"},
      {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s, "a torch checkpoint (.pth)"},
      {"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x07sklearn"s, "a pickle"},
      {"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x13joblib.numpy_pickle"s, "a joblib file"},
      {"(dp0\nS'a'\np1\n", "a pickle"},
      {"\x78\x9c\x6b\x60\x99\x5a\0\1"s, "zlib-compressed data (joblib writes it)"},
      {"\x1f\x8b\x08\0"s, "gzip-compressed data"},
      {"\x28\xb5\x2f\xfd\0"s, "zstd-compressed data"},
      {"BZh91AY", "bzip2-compressed data"},
      {"\xfd\x37zXZ\0\0"s, "xz-compressed data"},
      {"PK\x03\x04"s + std::string(26, '\0') + "x.txt", "a zip archive"},
      {"PK\x03\x04"s + std::string(26, '\0') + "archive/data.pkl", "a torch checkpoint (.pth)"},
      {"PK\x03\x04"s + std::string(26, '\0') + "x.npy\x93NUMPY", "a NumPy archive (.npz)"},
      {"\x93NUMPY\x01\0"s, "a NumPy array (.npy)"},
      {"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras, h5py)"},
      {"{L\0\0\0\0\0\0\0\x07learner{"s, "a UBJSON file (XGBoost writes them)"},
      {"{i\x07learner{", "a UBJSON file (XGBoost writes them)"},
      {" {\n \"learner\": 1}", "JSON text"},
      {"{}", "JSON text"},
      {"[1, 2]", "JSON text"},
      {"\xef\xbb\xbf\n<!DOCTYPE html><html>", "an HTML page"},
      {"<HTML><body>", "an HTML page"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "a Git LFS pointer"},
      {"<?xml version=\"1.0\"?><svg/>", "an XML file"},
      {"\x08\x07\x12\x07pytorch\x1a\x05"s, "an ONNX model"},
      {"\x89PNG\r\n\x1a\n", "a PNG picture"},
      {"\xff\xd8\xff\xe0", "a JPEG picture"},
      {"RIFF\x10\0\0\0WEBPVP8 "s, "a WebP picture"},
      {"\0\0\0\x18"
       "ftypheic"s,
       "a HEIC picture"},
      {"\0\0\0\x18"
       "ftypavif"s,
       "an AVIF picture"},
      {"GIF89a", "a GIF picture"},
      {"II*\0\x08"s, "a TIFF picture"},
      {"BM\x36\0\x0c\0"s, "a BMP picture"},
      {"%PDF-1.7", "a PDF document"},
      {"\xff\xfe"
       "a\0,\0"s,
       "UTF-16 text"},
      {"a,b\n1,2\n", "a text file"},
      {"BMI,age\n1,2\n", "a text file"},
      {"\x01\x02\x03\0\x04"s, "data of an unknown kind"},
  };
  for (const auto& [bytes, kind] : files) CHECK(kind_of(bytes) == kind);
}

TEST_CASE("any beginning of any file has a kind") {
  const auto whole = read_file(io_test::seeds + "zip.pth");
  for (std::size_t n = 0; n < 600; ++n) CHECK_FALSE(file_kind(Bytes(whole).first(n)).empty());
}

TEST_CASE("a kind that something can be done about says what") {
  CHECK(kind_and_advice(as_bytes("<html>")).find("direct link") != std::string::npos);
  CHECK(kind_and_advice(as_bytes("a,b")) == "a text file");
}
