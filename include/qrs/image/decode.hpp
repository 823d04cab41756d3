// Picture files to images: PNG, JPEG, BMP, and binary PGM and PPM, told apart by their first bytes.
//
//   qrs::image::Decoded page = qrs::image::decode(qrs::io::read_file(path), path);
//   page.image, page.decoder
//
// The sizes, lengths and checksums that a file states are checked here, before anything of that size is allocated and before
// a decoder sees the file; a broken file is one Error that names the path and the byte. PNG, BMP, PGM and PPM give the
// pixels that Pillow gives. The JPEG standard leaves the last bits to the decoder: those of stb_image differ from Pillow's
// here and there; jpeg_turbo.hpp has the decoder that gives Pillow's, which the caller hands over, so that only
// programs that link it need it:
//
//   decode(bytes, path, {.jpeg = qrs::image::jpeg_turbo()})
//
// What has a palette becomes RGB (a grey palette grey), and transparency is dropped. stb_image's functions are private to each
// source file that includes this header; a source file that uses stb_image itself includes this header first.
#pragma once

#include <algorithm>
#include <climits>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bmp_header.hpp"
#include "exif.hpp"
#include "file_error.hpp"
#include "image.hpp"
#include "jpeg_markers.hpp"
#include "png_chunks.hpp"
#include "pnm.hpp"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_ASSERT(condition) static_cast<void>(0)  // a broken file must not end the program
#define STBI_ONLY_BMP
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
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
  if (!pixels) return text("expected pixels that stb_image can decode, got: ", stbi_failure_reason());
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
inline JpegDecoder jpeg_stb() { return {"stb_image 2", detail::decode_with_stb}; }

struct DecodeOptions {
  JpegDecoder jpeg = jpeg_stb();
  bool upright = true;                    // turn the picture as its EXIF orientation says
  std::int64_t most_pixels = max_pixels;  // more is refused
};

struct Decoded {
  Image image;
  int orientation = 1;      // as the file says it; applied where the options say so
  std::string_view format;  // "PNG", "JPEG", "BMP", "PNM"
  std::string decoder;      // by name, for the record
};

/// The picture of a file. `path` stands in messages. Throws where the file is of another kind, broken, or too large.
inline Decoded decode(FileBytes file, std::string_view path, const DecodeOptions& options = {}) {
  const std::int64_t limit = std::min(options.most_pixels, max_pixels);
  Decoded out;
  PictureHeader header;
  JpegDecoder decoder = jpeg_stb();  // of PNG and BMP too
  if (begins_with(file, png_signature)) {
    out.format = "PNG";
    header = png_header(file, path, limit);
  } else if (begins_with(file, "\xFF\xD8\xFF")) {
    out.format = "JPEG";
    header = jpeg_header(file, path, limit);
    decoder = options.jpeg;
  } else if (begins_with(file, "BM")) {
    out.format = "BMP";
    header = bmp_header(file, path, limit);
  } else if (begins_with(file, "P5") || begins_with(file, "P6")) {
    out.format = "PNM";
    header = pnm_header(file, path, limit);
    decoder = {"qrs", nullptr};
  } else {
    fail_in_file(path, 0, "expected a PNG, JPEG, BMP, PGM or PPM picture, got ",
                 file.empty() ? "an empty file" : "a file that begins otherwise");
  }
  if (out.format == "PNM") {
    out.image = pnm_pixels(file, header);
  } else {
    out.image = Image::uninitialised(header.height, header.width, header.channels);  // the decoder writes all of it
    const std::string wrong = decoder.decode(file, out.image);
    if (!wrong.empty()) fail_in_file(path, 0, wrong, " (", out.format, ", read by ", decoder.name, ")");
  }
  if (out.format == "BMP") out.image = detail::grey_where_equal(std::move(out.image));
  out.orientation = header.orientation;
  out.decoder = decoder.name;
  if (options.upright && out.orientation != 1) out.image = upright(out.image, out.orientation);
  return out;
}

}  // namespace qrs::image
