// The cases of a file of images: what Pillow makes of an image, byte for byte.
//
// An entry of `cases` names an image and a size: <case>/rgb is the input, every other tensor of the case is what Pillow made
// of it, named by what was done: gray, gray_<filter> and rgb_<filter> (resized to out_height x out_width),
// equalize_gray, equalize_rgb, paper, paper_gray_first. A pair <case>/in and <case>/out of a case equalize_... is an
// equalisation.
#pragma once

#include "files.hpp"

namespace qrs::parity {

/// Whether the file is one of images: its `cases` hold a size and no operation.
bool is_image_file(const ReferenceFile& file);

/// Runs the wanted cases.
void run_image_file(Report& report, const ReferenceFile& file);

}  // namespace qrs::parity
