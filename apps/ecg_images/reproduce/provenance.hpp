// Where numbers come from: the sources, the compiler, the machine, the moment.
#pragma once

#include "../report/results.hpp"

namespace qrs::reproduce {

/// Everything but `seconds`, which the end of the run knows: this starts at 0.
ecg_images::Provenance provenance();

}  // namespace qrs::reproduce
