// The decoder of JPEG that this build has: libjpeg-turbo where CMake found it, otherwise stb_image. Its name belongs into the
// record of whatever was computed from JPEG files, since the pixels depend on it.
#pragma once

#include "qrs/image/decode.hpp"

namespace qrs {

/// jpeg_decoder().name is "libjpeg-turbo 2.1.5", say, or "stb_image 2".
image::JpegDecoder jpeg_decoder();

}  // namespace qrs
