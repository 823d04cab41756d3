"""Turns of two programs, one after the other, and what is needed to judge their figures."""

import argparse
import datetime
import json
import os
import platform
import re
import resource
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMPARE = os.path.join(ROOT, "bench", "compare.py")


class Failure(Exception):
    """Something to tell the user, and the exit status that goes with it."""

    def __init__(self, text, status=1):
        super().__init__(text)
        self.status = status


def positive(text):
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"expected a number > 0, got {text}")
    return value


def peak_rss():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def turn(command, threads, name):
    """Runs a process and returns the JSON object it prints. The parent never imports torch: a child's ru_maxrss starts at
    what its parent held when it was made."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failure(f"expected to run {command[0]}, got: {error.strerror}", 2) from error
    if done.returncode != 0:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()][-3:]
        said = "; ".join(said).removeprefix("compare.py: ") or "nothing on its error stream"
        raise Failure(f"{name} ended with status {done.returncode}: {said}", 2 if done.returncode == 2 else 1)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise Failure(f"expected one JSON object from {name}, got {done.stdout[:80]!r} ({error})") from error


def peer_turn(o, what, name, **settings):
    """A turn of the other side: compare.py again, as a child of the interpreter that has its packages."""
    command = [o.python, COMPARE, "--child", json.dumps({"what": what, "threads": o.threads, **settings})]
    return turn(command, o.threads, name)


def take_turns(rounds, sides, name):
    """Runs the sides one after the other, `rounds` times, with a line of progress; {side: what each of its turns returned}."""
    turns = {side: [] for side in sides}
    begin = time.monotonic()
    for r in range(rounds):
        for side, run in sides.items():
            if sys.stderr.isatty():
                left = (time.monotonic() - begin) * (rounds - r) / r if r else None
                left = f", about {left:.0f} s left" if left else ""
                print(f"\r{name}: round {r + 1} of {rounds}, {side}{left}   ", end="", file=sys.stderr, flush=True)
            turns[side].append(run())
    if sys.stderr.isatty():
        print("\r" + " " * 72 + "\r", end="", file=sys.stderr)
    return turns


def compiler_of(program):
    """The compiler that an ELF program names in its .comment section; a clang program names both, its own last."""
    with open(program, "rb") as file:
        content = file.read()
    for pattern in (rb"[\w ]*clang version [^\0]*", rb"GCC: \([^\0]*"):
        found = re.search(pattern, content)
        if found:
            return found.group().decode("ascii", "replace").strip()
    return None


def processor():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or None


def find_qrs(o):
    program = o.qrs or os.path.join(ROOT, "build", "release", "qrs")
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        raise Failure(f"expected the program qrs at {program}, got none (./run build makes it, --qrs names another)", 2)
    return os.path.abspath(program)


def environment(o, program, versions):
    """What a reader needs to judge the figures; `versions` says the peer's."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "threads": o.threads,
        "load_before": round(os.getloadavg()[0], 2),
        "compiler": compiler_of(program),
        **versions,
    }


def finish(o, result, remark):
    """The end of a comparison: everything as one object, or the remark under the table and the machine's load."""
    result["load_after"] = round(os.getloadavg()[0], 2)
    if o.json:
        print(json.dumps(result, indent=2))
        return
    print(f"\n{remark}\nload of the machine before {result['load_before']}, after {result['load_after']}")
