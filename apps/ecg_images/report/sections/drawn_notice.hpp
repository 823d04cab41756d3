// The warning over everything that was computed on drawn pages.
#pragma once

#include "qrs/report/html.hpp"

namespace qrs::ecg_images {

inline Markup drawn_notice() {
  return notice({element(
      "p", {element("b", {"These pages are drawn, not recorded."}),
            " The program made them up so that the experiment can run without the published images. Numbers on "
            "drawn pages say nothing about the paper's data; the paper's values stand beside them to show "
            "where they go, not to be compared."})});
}

}  // namespace qrs::ecg_images
