#!/usr/bin/env python3
"""The same work in QRS and in its peers, side by side on the same cores.

  compare.py networks                                      every network beside PyTorch, batch 16 of 224 x 224
  compare.py networks --models densenet121 --modes train --rounds 9 --json
  compare.py estimators                                    the learners beside scikit-learn and XGBoost
  compare.py estimators --only svc --growth                one learner, and how its time grows with the rows
  compare.py images --originals DIR                        full-size JPEGs beside Pillow
  compare.py networks --python ~/torch/bin/python          the interpreter that has the peers' packages

The two take turns, QRS first, `--rounds` times; each turn is a process of its own. So a machine whose speed changes (other
users, heat) slows both. Reported are medians over the rounds with the slowest and the fastest; a ratio above 1 says that
QRS is faster; memory is the largest resident size that a turn reports of itself (ru_maxrss), a ratio below 1 says that QRS
is smaller. Exit status: 0 measured, 1 a turn failed, 2 usage, or a package is missing.
"""

import argparse
import json
import os
import sys

from comparison import estimators, images, networks
from comparison.turns import Failure, positive

CHILDREN = {**networks.CHILDREN, **estimators.CHILDREN, **images.CHILDREN}


def common(verb, packages):
    """What every comparison takes."""
    cores = len(os.sched_getaffinity(0))
    verb.add_argument("--rounds", type=positive, default=5, help="turns of each side (5)")
    verb.add_argument("--threads", type=positive, default=cores, help=f"threads of both sides (all cores: {cores})")
    verb.add_argument("--qrs", help="the program qrs (build/release/qrs)")
    verb.add_argument("--python", default=sys.executable, help=f"an interpreter with {packages} (this one)")
    verb.add_argument("--json", action="store_true", help="print one JSON object")


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="compare.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="{networks,estimators,images}")
    networks.add_to(commands, common)
    estimators.add_to(commands, common)
    images.add_to(commands, common)
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        arguments = ["networks", *arguments]
    return parser.parse_args(arguments)


def main(arguments):
    try:
        if arguments[:1] == ["--child"]:
            settings = json.loads(arguments[1])
            print(json.dumps(CHILDREN[settings["what"]](settings)))
        else:
            options = parse(arguments)
            options.run(options)
    except Failure as failure:
        print(f"compare.py: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
