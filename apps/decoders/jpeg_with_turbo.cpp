// jpeg_decoder() of a build that found libjpeg-turbo.
#include "jpeg_decoder.hpp"
#include "qrs/image/jpeg_turbo.hpp"

namespace qrs {

image::JpegDecoder jpeg_decoder() { return image::jpeg_turbo(); }

}  // namespace qrs
