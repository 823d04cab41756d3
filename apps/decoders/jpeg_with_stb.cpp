// jpeg_decoder() of a build without libjpeg-turbo.
#include "jpeg_decoder.hpp"

namespace qrs {

image::JpegDecoder jpeg_decoder() { return image::jpeg_stb(); }

}  // namespace qrs
