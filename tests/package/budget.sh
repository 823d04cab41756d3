#!/bin/sh
# The cost of embedding one network: compile time, memory of the compiler, size of the stripped program.
#
#   tests/package/budget.sh COMPILER [FLAG...]      run in the repository root; flags: -fopenmp, third-party folders
set -eu
most_seconds=20      # of a processor on which yardstick.cpp takes so many:
yardstick_seconds=8.2
most_kib=976562      # 1 GB
most_bytes=1000000   # 1 MB
most_tries=3         # what else a machine does only adds time: the least of so many counts

command -v time >/dev/null || { echo "budget: expected the program time (Debian's package time), got none" >&2; exit 2; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# cost_of FILE COMPILER [FLAG...]: builds it, and sets seconds of the processor (user's and system's) and KiB at the peak.
cost_of() {
  source=$1
  shift
  command time -f '%U %S %M' -o "$scratch/cost" "$@" -std=c++20 -O2 "$source" -o "$scratch/program"
  read -r user system kib <"$scratch/cost"
  seconds=$(echo "$user $system" | awk '{ printf "%.2f", $1 + $2 }')
}

# The speed of a machine that others use too varies by a third within minutes, so the yardstick is built before and after.
tries=0
while :; do
  tries=$((tries + 1))
  cost_of tests/package/yardstick.cpp "$@"
  before=$seconds
  cost_of tests/package/budget.cpp "$@" -Iinclude
  "$scratch/program"
  strip "$scratch/program"
  embedded=$seconds
  peak_kib=$kib
  bytes=$(stat -c %s "$scratch/program")
  cost_of tests/package/yardstick.cpp "$@"
  scaled=$(echo "$embedded $before $seconds $yardstick_seconds" | awk '{ printf "%.1f", 2 * $1 * $4 / ($2 + $3) }')
  echo "budget: built in $embedded s; the yardstick in $before and $seconds s; so $scaled s (under $most_seconds)"
  [ "${scaled%.*}" -ge "$most_seconds" ] && [ "$tries" -lt "$most_tries" ] || break
done
echo "budget: $peak_kib KiB at the compiler's peak (under $most_kib)"
echo "budget: $bytes bytes stripped (under $most_bytes)"
[ "${scaled%.*}" -lt "$most_seconds" ] && [ "$peak_kib" -lt "$most_kib" ] && [ "$bytes" -lt "$most_bytes" ]
