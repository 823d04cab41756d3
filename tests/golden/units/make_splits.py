"""Writes splits.safetensors: what scikit-learn's splitters return for the cases of tests/data.

    python tests/golden/units/make_splits.py            (needs scikit-learn, numpy and safetensors; about 30 KB)

Each split is two tensors, <case>/<i>/train and <case>/<i>/test; the labels and groups stand as y and groups.
"""

import pathlib

import numpy as np
import safetensors.numpy
import sklearn
import warnings
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    LeaveOneGroupOut,
    ShuffleSplit,
    StratifiedKFold,
    StratifiedShuffleSplit,
    train_test_split,
)

warnings.filterwarnings("ignore", message="The least populated class")

n = 61
labels = np.random.RandomState(3).choice([7, -2, 40], n, p=[0.5, 0.3, 0.2])
labels[5] = labels[50] = 100  # a class of two
groups = np.random.RandomState(4).randint(10, 23, n)
index = np.arange(n)
tied = np.repeat([0, 1, 2, 3, 4, 5, 6], 5)  # equal remainders: the generator decides
out = {"y": labels, "groups": groups}


def keep(case, splits):
    for i, (train, test) in enumerate(splits):
        out[f"{case}/{i}/train"], out[f"{case}/{i}/test"] = train.astype(np.int16), test.astype(np.int16)


def one(case, y=None, size=n, **options):
    keep(case, [train_test_split(np.arange(size), stratify=y, **options)])


one("plain_share", test_size=0.3, random_state=0)
one("plain_default", random_state=42)
one("plain_count", test_size=11, random_state=1)
one("plain_train_share", train_size=0.55, random_state=2)
one("plain_both", train_size=20, test_size=0.25, random_state=4294967295)
one("plain_in_order", test_size=0.3, shuffle=False)
one("stratified_share", labels, test_size=0.3, random_state=0)
one("stratified_train_count", labels, train_size=31, random_state=5)
one("stratified_both", labels, train_size=0.4, test_size=13, random_state=6)
for seed in range(4):
    one(f"tied_{seed}", tied, 35, test_size=9, random_state=seed)
keep("shuffle_split", ShuffleSplit(3, test_size=0.2, random_state=7).split(index))
keep("shuffle_split_default", ShuffleSplit(2, random_state=8).split(index))
keep("stratified_shuffle_split", StratifiedShuffleSplit(3, test_size=0.25, random_state=9).split(index, labels))
keep("stratified_shuffle_split_tied", StratifiedShuffleSplit(4, test_size=10, random_state=1).split(tied, tied))
keep("k_fold", KFold(4).split(index))
keep("k_fold_shuffled", KFold(7, shuffle=True, random_state=10).split(index))
keep("stratified_k_fold", StratifiedKFold(5).split(index, labels))
keep("stratified_k_fold_shuffled", StratifiedKFold(3, shuffle=True, random_state=11).split(index, labels))
keep("group_k_fold", GroupKFold(4).split(index, groups=groups))
keep("group_k_fold_shuffled", GroupKFold(3, shuffle=True, random_state=12).split(index, groups=groups))
keep("leave_one_group_out", LeaveOneGroupOut().split(index, groups=groups))
keep("group_shuffle_split", GroupShuffleSplit(3, test_size=0.3, random_state=13).split(index, groups=groups))

path = pathlib.Path(__file__).parent / "splits.safetensors"
source = f"scikit-learn {sklearn.__version__}, numpy {np.__version__}"
safetensors.numpy.save_file(out, path, {"source": source})
print(path, path.stat().st_size, "bytes")
