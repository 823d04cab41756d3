// Picture files to images: PNG, JPEG, BMP, and binary PGM and PPM, told apart by their first bytes.
//
//   qrs::image::Decoded page = qrs::image::decode(qrs::io::read_file(path), path);
//   page.image, page.decoder
//
// The sizes, lengths and checksums that a file states are checked here, before anything of that size is allocated and before
// a decoder sees the file; a broken file is one Error that names the path and the byte, and so is one that would take more
// memory than DecodeOptions::most_bytes. PNG, BMP, PGM and PPM give the pixels that Pillow gives, with convert("RGB") or ("L")
// for kinds that are neither. The JPEG standard leaves the last bits to the decoder: those of stb_image differ from Pillow's
// here and there; jpeg_turbo.hpp has the decoder that gives Pillow's, which the caller hands over, so that only
// programs that link it need it:
//
//   decode(bytes, path, {.jpeg = qrs::image::jpeg_turbo()})
//
// What has a palette becomes RGB (a BMP's grey palette grey), as does CMYK, and transparency is dropped. stb_image's functions are private to each
// source file that includes this header; a source file that uses stb_image itself includes this header first.
#pragma once

#include <algorithm>
#include <climits>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "../io/file_kind.hpp"
#include "bmp.hpp"
#include "exif.hpp"
#include "file_error.hpp"
#include "image.hpp"
#include "jpeg_markers.hpp"
#include "png_chunks.hpp"
#include "png_pixels.hpp"
#include "pnm.hpp"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_ASSERT(condition) static_cast<void>(0)  // a broken file must not end the program
#define STBI_ONLY_JPEG
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wpedantic"
#if __has_include(<stb_image.h>)
#include <stb_image.h>
#elif __has_include(<stb/stb_image.h>)  // as Debian installs it
#include <stb/stb_image.h>
#else
#error "qrs/image/decode.hpp needs stb_image.h: install libstb-dev, or add the folder that holds it with -I"
#endif
#pragma GCC diagnostic pop

namespace qrs::image {

/// A decoder of JPEG: fills `out`, whose size is the file's, and returns "", or what was wrong as "expected ..., got ...".
struct JpegDecoder {
  std::string name;
  std::string (*decode)(FileBytes file, Image& out) = nullptr;
  std::uint64_t copies = 0;  // of the picture that it holds before it fills `out`
  bool plain_cmyk = true;    // reads four channels without Adobe's mark
};

namespace detail {

/// What stb_image makes of a file whose header has been checked.
inline std::string decode_with_stb(FileBytes file, Image& out) {
  if (file.size() > INT_MAX) return text("expected a file of at most ", INT_MAX, " bytes, got ", file.size());
  int width = 0;
  int height = 0;
  int stored = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(file.data()), static_cast<int>(file.size()), &width,
                            &height, &stored, static_cast<int>(out.channels())),
      stbi_image_free);
  if (!pixels) {
    const char* reason = stbi_failure_reason();  // none for some of its failures
    return text("expected pixels that stb_image can decode, got: ", reason != nullptr ? reason : "damaged ones");
  }
  if (width != out.width() || height != out.height()) {
    return text("expected height ", out.height(), " and width ", out.width(), ", got ", height, " and ", width);
  }
  std::copy_n(pixels.get(), out.pixels().size(), out.data());
  return "";
}

/// A grey copy of an RGB image whose channels are all equal; other images stay as they are.
inline Image grey_where_equal(Image in) {
  const std::span<const std::uint8_t> rgb = in.pixels();
  for (std::size_t i = 0; i + 2 < rgb.size(); i += 3) {
    if (rgb[i] != rgb[i + 1] || rgb[i] != rgb[i + 2]) return in;
  }
  Image out = Image::uninitialised(in.height(), in.width(), 1);
  for (std::size_t i = 0; i < out.pixels().size(); ++i) out.pixels()[i] = rgb[3 * i];
  return out;
}

}  // namespace detail

/// The decoder of JPEG that is always there.
inline JpegDecoder jpeg_stb() { return {"stb_image 2", detail::decode_with_stb, 1, false}; }

struct DecodeOptions {
  JpegDecoder jpeg = jpeg_stb();
  bool upright = true;                        // turn the picture as its EXIF orientation says
  std::int64_t most_pixels = max_pixels;      // more is refused
  std::uint64_t most_bytes = picture_memory;  // so is what takes more memory to read
};

struct Decoded {
  Image image;
  int orientation = 1;      // as the file says it; applied where the options say so
  std::string_view format;  // "PNG", "JPEG", "BMP", "PNM"
  std::string decoder;      // by name, for the record
};

namespace detail {

/// What a file is that is no picture that can be read, and what to do about it.
inline std::string other_kind(FileBytes file) {
  const std::string_view kind = io::file_kind(file);
  return io::kind_and_advice(file) + (kind.ends_with(" picture") ? ": save it as PNG or JPEG" : "");
}

inline Image jpeg_pixels(FileBytes file, std::string_view path, const PictureHeader& header,
                         const JpegDecoder& decoder) {
  if (header.plain_cmyk && !decoder.plain_cmyk) {
    fail_in_file(path, 0, "expected grey, RGB, or CMYK with Adobe's mark for ", decoder.name,
                 ", got CMYK without it: convert it to RGB");
  }
  Image out = Image::uninitialised(header.height, header.width, header.channels);  // the decoder writes all of it
  const std::string wrong = decoder.decode(file, out);
  if (!wrong.empty()) fail_in_file(path, 0, wrong, " (JPEG, read by ", decoder.name, ")");
  return out;
}

/// The picture as it is stored.
inline Decoded decode_stored(FileBytes file, std::string_view path, const DecodeOptions& options) {
  const std::int64_t limit = std::min(options.most_pixels, max_pixels);
  Decoded out;
  out.decoder = "qrs";
  const auto begin = [&](const PictureHeader& header, std::string_view format, std::uint64_t copies = 0) {
    check_picture_memory(header, path, copies, options.most_bytes);
    out.format = format;
    out.orientation = header.orientation;
  };
  if (begins_with(file, png_signature)) {
    const PngFile png = png_file(file, path, limit);
    begin(png.header, "PNG");
    out.image = png_pixels(file, path, png);
  } else if (begins_with(file, "\xFF\xD8\xFF")) {
    const PictureHeader header = jpeg_header(file, path, limit);
    begin(header, "JPEG", options.jpeg.copies);
    out.decoder = options.jpeg.name;
    out.image = jpeg_pixels(file, path, header, options.jpeg);
  } else if (begins_with(file, "BM")) {
    const BmpFile bmp = bmp_file(file, path, limit);
    begin(bmp.header, "BMP");
    out.image = grey_where_equal(bmp_pixels(file, bmp));
  } else if (begins_with(file, "P5") || begins_with(file, "P6")) {
    const PictureHeader header = pnm_header(file, path, limit);
    begin(header, "PNM");
    out.image = pnm_pixels(file, header);
  } else {
    fail_in_file(path, 0, "expected a PNG, JPEG, BMP, PGM or PPM picture, got ", other_kind(file));
  }
  return out;
}

}  // namespace detail

/// The picture of a file. `path` stands in messages. Throws where the file is of another kind, broken, or too large, and where
/// memory is not there.
inline Decoded decode(FileBytes file, std::string_view path, const DecodeOptions& options = {}) {
  try {
    Decoded out = detail::decode_stored(file, path, options);
    if (options.upright && out.orientation != 1) out.image = upright(out.image, out.orientation);
    return out;
  } catch (const std::bad_alloc&) {
    fail_in_file(path, 0, "expected memory for the picture's pixels, got none from the system");
  }
}

}  // namespace qrs::image
