// Where numbers come from: the sources, the compiler, the machine, the moment.
#pragma once

#include "qrs/report/results.hpp"

namespace qrs::reproduce {

/// Everything but `seconds`, which the end of the run knows: this starts at 0.
report::Provenance provenance();

}  // namespace qrs::reproduce
