// What a file is, told by its bytes and not by its name: for messages about a file that is not what was asked for.
//
//   fail_at(format, file, 0, "expected a weight file, got ", kind_and_advice(bytes));     "... got a Git LFS pointer: ..."
//
// A guess in words, never a check: a reader still reads its own format with all its checks.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>

#include "byte_reader.hpp"

namespace qrs::io {

/// Signature at a place in the file -> its kind in words.
struct FileSignature {
  std::size_t at;
  std::string_view bytes;
  std::string_view kind;
};

namespace detail {

using namespace std::string_view_literals;

/// Formats that begin with bytes of their own. The first row that fits counts.
inline constexpr auto file_signatures = std::to_array<FileSignature>({
    {0, "\x93NUMPY"sv, "a NumPy array (.npy)"},
    {0, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20"sv, "a torch checkpoint (.pth)"},
    {0, "\x1f\x8b"sv, "gzip-compressed data"},
    {0, "\x28\xb5\x2f\xfd"sv, "zstd-compressed data"},
    {0, "BZh"sv, "bzip2-compressed data"},
    {0, "\xfd\x37zXZ\x00"sv, "xz-compressed data"},
    {0, "\x04\x22\x4d\x18"sv, "LZ4-compressed data"},
    {0, "7z\xbc\xaf\x27\x1c"sv, "a 7-zip archive"},
    {0, "Rar!\x1a\x07"sv, "a RAR archive"},
    {257, "ustar"sv, "a tar archive"},
    {0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file (Keras, h5py)"},
    {0, "GGUF"sv, "a GGUF file"},
    {4, "TFL3"sv, "a TensorFlow Lite model"},
    {0, "binf"sv, "an XGBoost model in the old binary format"},
    {0, "CBM1"sv, "a CatBoost model"},
    {0, "tree\nversion="sv, "a LightGBM model"},
    {0, "PAR1"sv, "a Parquet table"},
    {0, "ARROW1"sv, "an Arrow table"},
    {0, "MATLAB 5.0"sv, "a MATLAB file"},
    {0, "SQLite format 3\0"sv, "an SQLite database"},
    {0, "\x89PNG\r\n\x1a\n"sv, "a PNG picture"},
    {0, "\xff\xd8\xff"sv, "a JPEG picture"},
    {8, "WEBP"sv, "a WebP picture"},
    {4, "ftypavif"sv, "an AVIF picture"},
    {4, "ftypavis"sv, "an AVIF picture"},
    {4, "ftyphei"sv, "a HEIC picture"},
    {4, "ftyphev"sv, "a HEIC picture"},
    {4, "ftypmif1"sv, "a HEIC picture"},
    {4, "ftypmsf1"sv, "a HEIC picture"},
    {4, "ftyp"sv, "an MP4 or QuickTime film"},
    {0, "GIF8"sv, "a GIF picture"},
    {0, "II*\0"sv, "a TIFF picture"},
    {0, "MM\0*"sv, "a TIFF picture"},
    {0, "II+\0"sv, "a TIFF picture"},
    {0, "MM\0+"sv, "a TIFF picture"},
    {4, "jP  \r\n\x87\n"sv, "a JPEG 2000 picture"},
    {0, "\xff\x4f\xff\x51"sv, "a JPEG 2000 picture"},
    {4, "JXL \r\n\x87\n"sv, "a JPEG XL picture"},
    {0, "8BPS"sv, "a Photoshop picture"},
    {128, "DICM"sv, "a DICOM file"},
    {0, "%PDF-"sv, "a PDF document"},
    {0, "%!PS"sv, "a PostScript document"},
    {0,
     "\x7f"
     "ELF"sv,
     "a compiled program"},
    {0, "version https://git-lfs"sv, "a Git LFS pointer"},
    {0, "\xff\xfe"sv, "UTF-16 text"},
    {0, "\xfe\xff"sv, "UTF-16 text"},
});

/// What to do about a kind, where there is something to do.
inline constexpr auto file_advice = std::to_array<std::array<std::string_view, 2>>({
    {"a Git LFS pointer", "it names the file and is not it; run `git lfs pull` to fetch the file"},
    {"an HTML page", "a web page was saved in its place; download the file again, from its direct link"},
    {"a pickle",
     "a program of Python's, which is not run; save weights with torch.save(model.state_dict(), 'NAME.pth') "
     "or as .safetensors, arrays as .npy, an XGBoost model as .json, a LIBSVM one as .model"},
    {"a joblib file",
     "a pickle, which is a program of Python's and is not run; save arrays as .npy, an XGBoost model as "
     ".json, a LIBSVM one as .model"},
    {"a UBJSON file (XGBoost writes them)", "save it as JSON: model.save_model('NAME.json')"},
    {"an XGBoost model in the old binary format", "load it in XGBoost and save it as JSON: save_model('NAME.json')"},
    {"gzip-compressed data", "unpack it first: gunzip"},
    {"zstd-compressed data", "unpack it first: unzstd"},
    {"bzip2-compressed data", "unpack it first: bunzip2"},
    {"xz-compressed data", "unpack it first: unxz"},
    {"LZ4-compressed data", "unpack it first: unlz4"},
    {"zlib-compressed data (joblib writes it)",
     "save arrays as .npy, an XGBoost model as .json, a LIBSVM one as .model"},
    {"a zip archive", "unpack it first"},
    {"a tar archive", "unpack it first"},
    {"a NumPy archive (.npz)", "unpack it first (unzip); each array in it is an .npy file"},
    {"a torch checkpoint (.pth)", "its weights become .safetensors with `qrs convert`"},
    {"an HDF5 file (Keras, h5py)", "save its arrays as .safetensors or .npy"},
    {"an ONNX model", "save the weights of the network that it was made from, as .pth or .safetensors"},
    {"UTF-16 text", "save it as UTF-8"},
});

inline bool starts_with_any_case(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  return std::equal(lower.begin(), lower.end(), text.begin(),
                    [](char a, char b) { return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b))); });
}

/// A zip by the names of its records, which stand in both ends of the file.
inline std::string_view zip_kind(std::string_view all) {
  constexpr std::size_t part = std::size_t{1} << 16;
  const std::string_view ends[] = {all.substr(0, part), all.substr(all.size() - std::min(all.size(), part))};
  const auto named = [&](std::string_view name) {
    return ends[0].find(name) != std::string_view::npos || ends[1].find(name) != std::string_view::npos;
  };
  if (named("/data.pkl")) return "a torch checkpoint (.pth)";
  if (named(".npyPK") || named(".npy\x93NUMPY") || ends[0].substr(0, 200).find(".npy") != std::string_view::npos) {
    return "a NumPy archive (.npz)";
  }
  if (named("[Content_Types].xml")) return "an Office document (.xlsx, .docx)";
  if (named("model.weights.h5")) return "a Keras model (.keras)";
  return "a zip archive";
}

inline std::string_view pickle_kind(std::string_view all) {
  return all.substr(0, std::size_t{1} << 16).find("joblib") != std::string_view::npos ? "a joblib file" : "a pickle";
}

/// Whether bytes are text: UTF-8 or Latin letters, no control characters but blanks.
inline bool reads_as_text(std::string_view start) {
  return std::all_of(start.begin(), start.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= ' ' && byte != 0x7f) || (byte >= '\t' && byte <= '\r') || byte == 0x1b;
  });
}

/// Kinds of text by how they begin, after a byte order mark and blanks; empty where it is no text.
inline std::string_view text_kind(std::string_view all) {
  std::string_view start = all.substr(0, 4096);
  if (!reads_as_text(start)) return {};
  if (start.starts_with("\xef\xbb\xbf")) start.remove_prefix(3);
  start.remove_prefix(std::min(start.find_first_not_of(" \t\r\n\f\v"), start.size()));
  for (const std::string_view tag :
       {"<!doctype html", "<html", "<head", "<body", "<!doctype\nhtml", "<meta", "<script"}) {
    if (starts_with_any_case(start, tag)) return "an HTML page";
  }
  if (start.starts_with("<?xml") || start.starts_with("<svg") || start.starts_with("<!--")) {
    return start.find("<html") != std::string_view::npos ? "an HTML page" : "an XML file";
  }
  if (start.starts_with("(dp") || start.starts_with("(lp") || start.starts_with("ccopy_reg\n")) return "a pickle";
  const std::size_t next = start.empty() ? start.size() : std::min(start.find_first_not_of(" \t\r\n", 1), start.size());
  const char second = next < start.size() ? start[next] : ' ';
  if (start.starts_with("{") && (second == '"' || second == '}')) return "JSON text";
  if (start.starts_with("[") && std::string_view("\"{[]-0123456789tfn").find(second) != std::string_view::npos) {
    return "JSON text";
  }
  return "a text file";
}

/// ONNX: field 1 of its protobuf is a small version, field 2 the producer's name as a short text.
inline bool reads_as_onnx(std::string_view all) {
  if (all.size() < 5 || all[0] != '\x08' || all[1] < 1 || all[1] > 20 || all[2] != '\x12') return false;
  const auto length = static_cast<unsigned char>(all[3]);
  return length > 0 && length < 64 && all.size() >= 4U + length && reads_as_text(all.substr(4, length));
}

}  // namespace detail

inline constexpr std::string_view unknown_kind = "data of an unknown kind";

/// What a file is, with its article: "a torch checkpoint (.pth)", "an HTML page", "a text file", or "data of an unknown kind".
/// The whole file is best, its first 64 KiB do.
inline std::string_view file_kind(Bytes bytes) {
  const std::string_view all = as_text(bytes);
  if (all.empty()) return "an empty file";
  if (all.size() > 9 && all[8] == '{' && all[5] == '\0' && all[6] == '\0' && all[7] == '\0')
    return "a safetensors file";
  for (const FileSignature& row : detail::file_signatures) {
    if (all.size() >= row.at && all.substr(row.at).starts_with(row.bytes)) return row.kind;
  }
  if (all.starts_with("PK\x03\x04") || all.starts_with("PK\x05\x06")) return detail::zip_kind(all);
  if (all[0] == '\x80' && all.size() > 1 && all[1] >= 2 && all[1] <= 5) return detail::pickle_kind(all);
  if (all[0] == '\x78' && all.size() > 1 && (0x7800 + static_cast<unsigned char>(all[1])) % 31 == 0 &&
      !detail::reads_as_text(all.substr(0, 64))) {
    return "zlib-compressed data (joblib writes it)";
  }
  if (all.size() > 2 && all[0] == '{' && std::string_view("LlIiU").find(all[1]) != std::string_view::npos &&
      static_cast<unsigned char>(all[2]) < ' ') {  // the length of the first key
    return "a UBJSON file (XGBoost writes them)";
  }
  if (all.starts_with("BM") && !detail::reads_as_text(all.substr(0, 64))) return "a BMP picture";
  if (detail::reads_as_onnx(all)) return "an ONNX model";
  const std::string_view text = detail::text_kind(all);
  return text.empty() ? unknown_kind : text;
}

/// What to do with a file of that kind, or nothing.
inline std::string_view advice_for(std::string_view kind) {
  for (const auto& [known, advice] : detail::file_advice) {
    if (known == kind) return advice;
  }
  return {};
}

/// Both for a message: "a Git LFS pointer: it names the file and is not it; run ...".
inline std::string kind_and_advice(Bytes bytes) {
  const std::string_view kind = file_kind(bytes);
  const std::string_view advice = advice_for(kind);
  return text(kind, advice.empty() ? "" : ": ", advice);
}

}  // namespace qrs::io
