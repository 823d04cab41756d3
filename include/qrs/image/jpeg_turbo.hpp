// JPEG by libjpeg-turbo, the library that Pillow is built with: the same pixels, bit for bit.
//
// A program that includes this header and calls jpeg_turbo() links libjpeg (CMake: JPEG::JPEG). The decoder is handed to
// decode(), and not chosen by a macro, so that an embedder has no dependency that was not asked for, and two
// translation units cannot disagree about it. Where <jpeglib.h> is missing the header is empty.
// Settings are the library's defaults, as Pillow's: accurate integer DCT, smooth ("fancy") upsampling of the chroma.
#pragma once

#if __has_include(<jpeglib.h>)

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "decode.hpp"
// jpeglib.h needs size_t and FILE before it.
#include <jpeglib.h>
// The codes of its warnings.
#include <jerror.h>

namespace qrs::image {

namespace detail {

/// The library reports through functions that must not return, so errors leave by longjmp; nothing in the frames that it
/// leaves has a destructor.
struct JpegErrors {
  jpeg_error_mgr base;  // first: the library knows its address only
  std::jmp_buf leave;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] inline void jpeg_error(j_common_ptr state) {
  auto* errors = reinterpret_cast<JpegErrors*>(state->err);
  state->err->format_message(state, errors->message);
  std::longjmp(errors->leave, 1);
}

/// Warnings where the library makes pixels up are errors; others (stray bytes, an odd version) stay silent, as in Pillow.
inline void jpeg_message(j_common_ptr state, int level) {
  const int code = state->err->msg_code;
  if (level < 0 && (code == JWRN_HIT_MARKER || code == JWRN_JPEG_EOF || code == JWRN_HUFF_BAD_CODE)) jpeg_error(state);
}

inline void jpeg_silence(j_common_ptr) {}

/// A row of CMYK, all values inverted as Adobe stores them, as RGB with the rounding of Pillow's convert("RGB"):
///   R = K - (255 - C) K / 255, and so on, of the values as they are stored.
inline void cmyk_row_to_rgb(const std::uint8_t* cmyk, JDIMENSION width, std::uint8_t* rgb) {
  for (JDIMENSION x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const unsigned key = cmyk[3];
    for (int c = 0; c < 3; ++c) {
      const unsigned product = (255u - cmyk[c]) * key + 128;
      const unsigned ink = (product + (product >> 8)) >> 8;
      rgb[c] = static_cast<std::uint8_t>(key > ink ? key - ink : 0);
    }
  }
}

/// Fills `pixels` of height x width x channels; false where errors.message says what was wrong. `row_of_four`: room for
/// width x 4.
inline bool decode_with_turbo(FileBytes file, std::uint8_t* pixels, JDIMENSION height, JDIMENSION width, int channels,
                              std::uint8_t* row_of_four, JpegErrors& errors) {
  jpeg_decompress_struct state;
  state.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = jpeg_error;
  errors.base.emit_message = jpeg_message;
  errors.base.output_message = jpeg_silence;
  jpeg_create_decompress(&state);
  if (setjmp(errors.leave) != 0) {
    jpeg_destroy_decompress(&state);
    return false;
  }
  jpeg_mem_src(&state, reinterpret_cast<const unsigned char*>(file.data()), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&state, TRUE);
  const bool cmyk = state.num_components == 4;
  state.out_color_space = cmyk ? JCS_CMYK : channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&state);
  if (state.output_height != height || state.output_width != width ||
      state.output_components != (cmyk ? 4 : channels)) {
    std::snprintf(errors.message, sizeof errors.message, "another size than the file's frame has");
    jpeg_destroy_decompress(&state);
    return false;
  }
  while (state.output_scanline < height) {
    std::uint8_t* target =
        pixels + static_cast<std::size_t>(state.output_scanline) * width * static_cast<std::size_t>(channels);
    JSAMPROW row = cmyk ? row_of_four : target;
    jpeg_read_scanlines(&state, &row, 1);
    if (cmyk) cmyk_row_to_rgb(row_of_four, width, target);
  }
  jpeg_finish_decompress(&state);
  jpeg_destroy_decompress(&state);
  return true;
}

inline std::string decode_with_turbo(FileBytes file, Image& out) {
  JpegErrors errors{};
  std::vector<std::uint8_t> row_of_four(static_cast<std::size_t>(out.width()) * 4);
  const bool read =
      decode_with_turbo(file, out.data(), static_cast<JDIMENSION>(out.height()), static_cast<JDIMENSION>(out.width()),
                        static_cast<int>(out.channels()), row_of_four.data(), errors);
  return read ? std::string() : text("expected pixels that can be decoded, got: ", errors.message);
}

}  // namespace detail

/// libjpeg-turbo by its name and version; "libjpeg" where the header is another implementation's.
inline JpegDecoder jpeg_turbo() {
#if defined(LIBJPEG_TURBO_VERSION_NUMBER)
  constexpr int version = LIBJPEG_TURBO_VERSION_NUMBER;  // 2001005 is 2.1.5
  std::string name = text("libjpeg-turbo ", version / 1000000, ".", version / 1000 % 1000, ".", version % 1000);
#else
  std::string name = text("libjpeg ", JPEG_LIB_VERSION);
#endif
  std::string (*decode)(FileBytes, Image&) = detail::decode_with_turbo;
  return {std::move(name), decode, 0, true};
}

}  // namespace qrs::image

#endif
