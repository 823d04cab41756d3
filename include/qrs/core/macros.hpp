// The two macros of the project that need no other header. QRS_CHECK stands in error.hpp.
//
// QRS_HD marks a function for host and device, so that a per-element formula stands once and both the OpenMP loops and
// the CUDA kernels call it. QRS_WITH_CUDA is defined by the build (see CMakeLists.txt) where the device library exists.
#pragma once

#if defined(__CUDACC__)
#define QRS_HD __host__ __device__
#else
#define QRS_HD
#endif
