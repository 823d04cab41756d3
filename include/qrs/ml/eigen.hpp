// Eigen's dense decompositions, with Eigen's own threads off: they would cut sums by the number of threads, and results
// would depend on it. A program that includes Eigen before QRS, and with OpenMP, defines EIGEN_DONT_PARALLELIZE itself.
#pragma once

#ifndef EIGEN_DONT_PARALLELIZE
#define EIGEN_DONT_PARALLELIZE
#endif

// GCC 12 takes what its AVX-512 intrinsics leave undefined for a value that is used.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
