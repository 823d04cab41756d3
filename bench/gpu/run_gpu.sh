#!/bin/sh
# ./run gpu: on a machine with a GPU, builds the device library with nvcc, runs the tests of the device kernels there, and
# times them, beside PyTorch where python3 imports it. Writes bench/results/gpu/<date>.json.
#
#   ./run gpu [--no-bench]
#
# Exit status: 0 all well, 1 something failed, 2 nothing could be run here (no GPU, no nvcc).
set -eu
cd "$(dirname "$0")/../.."

bench=yes
case ${1:-} in
  '') ;;
  --no-bench) bench=no ;;
  *)
    echo "run gpu: expected --no-bench or nothing, got $1" >&2
    exit 2
    ;;
esac

if ! nvidia-smi -L >/dev/null 2>&1; then
  echo "run gpu: expected an NVIDIA GPU (nvidia-smi -L lists none), so nothing was built or timed" >&2
  exit 2
fi
nvidia-smi -L
if ! command -v nvcc >/dev/null && [ -x /usr/local/cuda/bin/nvcc ]; then
  PATH=$PATH:/usr/local/cuda/bin
  export PATH
fi
if ! command -v nvcc >/dev/null; then
  echo "run gpu: expected nvcc on PATH or in /usr/local/cuda/bin, found none, so nothing was built or timed" >&2
  exit 2
fi

folder=build/gpu
generator=
if command -v ninja >/dev/null; then
  generator='-G Ninja'
fi
# shellcheck disable=SC2086 # a list of words
cmake -S . -B $folder $generator -DCMAKE_BUILD_TYPE=Release -DQRS_CUDA=ON -DQRS_BUILD_APPS=OFF -DQRS_BUILD_BENCH=ON \
  -DQRS_BUILD_TESTS=ON
cmake --build $folder -j"$(nproc)" --target test_kernels_cuda_device --target bench_gpu

echo "== tests of the device kernels, on the device"
$folder/tests/test_kernels_cuda_device
[ "$bench" = yes ] || exit 0

echo "== times"
results=bench/results/gpu
mkdir -p $results
file=$results/$(date -u +%Y-%m-%d).json
$folder/bench/bench_gpu >$folder/times.json
if command -v python3 >/dev/null; then
  python3 bench/gpu/compare_torch.py $folder/times.json "$file"
else
  echo "without PyTorch's times: no python3"
  cp $folder/times.json "$file"
fi
echo "wrote $file"
