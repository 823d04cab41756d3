"""The learners beside scikit-learn and XGBoost: `qrs fit`, `qrs predict` and `qrs search` against the same call there.

The data are scikit-learn's make_classification, seeded, float32, written once as .npy and read by both sides; reading is
not timed. Both sides fit, then predict rows they have not seen. Accuracy says whether the two did the same work.
"""

import os
import resource
import statistics
import sys
import tempfile
import time

from comparison.turns import Failure, environment, find_qrs, finish, peak_rss, peer_turn, take_turns, turn

FOREST = {"n_estimators": 100}
BOOST = {"tree_method": "hist", "n_estimators": 100, "max_depth": 6}
GRID = {"C": [0.1, 1, 10, 100], "gamma": ["scale", 0.0003, 0.001, 0.003]}

# name: what is fitted, on how many rows and columns, with which parameters, and how many rows are predicted.
WORK = {
    "svc": {"kind": "svc", "rows": 10000, "columns": 64, "params": {"C": 10}, "test": 10000},
    "grid": {"kind": "svc", "rows": 648, "columns": 450, "grid": GRID, "test": 280},
    "forest": {"kind": "forest", "rows": 50000, "columns": 100, "params": FOREST, "test": 10000},
    "boost": {"kind": "boost", "rows": 50000, "columns": 100, "params": BOOST, "test": 10000},
    "pca": {"kind": "pca", "rows": 5000, "columns": 2000, "params": {"n_components": 100}, "test": 1000},
    "paper_svc": {"kind": "svc", "rows": 648, "columns": 1024, "params": {"C": 10}, "test": 280},
    "paper_forest": {"kind": "forest", "rows": 648, "columns": 1024, "params": FOREST, "test": 280},
    "paper_boost": {"kind": "boost", "rows": 648, "columns": 1024, "params": BOOST, "test": 280},
    "paper_pca": {"kind": "pca", "rows": 648, "columns": 1024, "params": {"n_components": 0.95}, "test": 280},
    "paper_pca100": {"kind": "pca", "rows": 648, "columns": 1024, "params": {"n_components": 100}, "test": 280},
}
GROWTH = {"svc": 2500, "forest": 12500, "boost": 12500, "pca": 1250}  # the smallest n; then 2n, 4n, 8n
CLASSES = 4
FOLDS = 5


# ---- the turn of the peers: compare.py again, as a child -------------------------------------------------------------------


def import_peers():
    try:
        import numpy
        import sklearn
        import xgboost
    except ImportError as error:
        raise Failure(
            f"expected scikit-learn and xgboost in {sys.executable}, got: {error}"
            " (install both there, or name another interpreter with --python)",
            2,
        ) from error
    return numpy, sklearn, xgboost


def child_estimator_versions(_):
    numpy, sklearn, xgboost = import_peers()
    return {"scikit_learn": sklearn.__version__, "xgboost": xgboost.__version__, "numpy": numpy.__version__}


def child_make_data(o):
    """Writes x, y of the training rows and of the test rows, and the test labels as text."""
    numpy, _, _ = import_peers()
    from sklearn.datasets import make_classification

    rows = o["rows"] + o["test"]
    x, y = make_classification(
        n_samples=rows, n_features=o["columns"], n_informative=min(20, o["columns"] // 2), n_redundant=0,
        n_classes=CLASSES, n_clusters_per_class=2, class_sep=1.0, random_state=o["seed"],
    )  # fmt: skip
    x = x.astype(numpy.float32)
    for name, part in (("train", slice(0, o["rows"])), ("test", slice(o["rows"], rows))):
        numpy.save(os.path.join(o["folder"], f"x_{name}.npy"), x[part])
        numpy.save(os.path.join(o["folder"], f"y_{name}.npy"), y[part].astype(numpy.int64))
    numpy.savetxt(os.path.join(o["folder"], "y_test.csv"), y[o["rows"] :], fmt="%d")
    return {}


def make_peer(o):
    params = o.get("params", {})
    if o["kind"] == "svc":
        from sklearn.svm import SVC

        if "grid" not in o:
            return SVC(**params)
        from sklearn.model_selection import GridSearchCV

        return GridSearchCV(SVC(), o["grid"], cv=FOLDS, n_jobs=o["threads"])
    if o["kind"] == "forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(n_jobs=o["threads"], random_state=0, **params)
    if o["kind"] == "boost":
        from xgboost import XGBClassifier

        return XGBClassifier(n_jobs=o["threads"], random_state=0, **params)
    from sklearn.decomposition import PCA

    return PCA(random_state=0, **params)


def child_estimator(o):
    numpy, _, _ = import_peers()
    x, y, x_test, y_test = (
        numpy.load(os.path.join(o["folder"], f"{name}.npy")) for name in ("x_train", "y_train", "x_test", "y_test")
    )
    model = make_peer(o)
    begin = time.perf_counter()
    model.fit(x, y)
    fitted = time.perf_counter()
    peak = peak_rss() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    apply = model.transform if o["kind"] == "pca" else model.predict
    answer = apply(x_test)
    predicted = time.perf_counter()
    out = {
        "fit_seconds": fitted - begin,
        "predict_seconds": predicted - fitted,
        "peak_rss_bytes": peak,
    }
    if o["kind"] == "pca":
        out["score"] = float(model.explained_variance_ratio_.sum())
        out["components"] = int(model.n_components_)
    else:
        out["score"] = float((answer == y_test).mean())
    return out


CHILDREN = {
    "estimator_versions": child_estimator_versions,
    "make_data": child_make_data,
    "estimator": child_estimator,
}


# ---- the turn of QRS -----------------------------------------------------------------------------------------------------


def assignments(params):
    out = []
    for name, value in params.items():
        values = value if isinstance(value, list) else [value]
        out += ["--param", f"{name}={','.join(str(v) for v in values)}"]
    return out


def qrs_turn(o, program, work, folder):
    """Fit and predict; the model and the answers go into the folder and are read back for the score."""
    model = os.path.join(folder, "model.safetensors")
    answer = os.path.join(folder, "answer.csv")
    x, y = (os.path.join(folder, f"{name}_train.npy") for name in ("x", "y"))
    command = [program, "search" if "grid" in work else "fit", work["kind"], "--x", x, "--out", model, "--json"]
    if work["kind"] != "pca":
        command += ["--y", y]
    command += assignments(work.get("grid") or work["params"])
    fitted = turn(command, o.threads, "qrs fit")
    command = [program, "predict", model, "--x", os.path.join(folder, "x_test.npy"), "--out", answer, "--json"]
    predicted = turn(command, o.threads, "qrs predict")
    out = {
        "fit_seconds": fitted["seconds"] if "grid" in work else fitted["fit_seconds"],
        "predict_seconds": predicted["predict_seconds"],
        "peak_rss_bytes": fitted["peak_rss_bytes"],
    }
    if work["kind"] == "pca":
        out["score"] = fitted["explained_variance_ratio"]
    else:
        with open(answer, encoding="ascii") as got, open(os.path.join(folder, "y_test.csv"), encoding="ascii") as wanted:
            pairs = list(zip(got.read().split(), wanted.read().split(), strict=True))
        out["score"] = sum(a == b for a, b in pairs) / len(pairs)
    return out


# ---- both ----------------------------------------------------------------------------------------------------------------


def median(turns, key):
    return statistics.median(t[key] for t in turns)


def compare(o, program, name, work, folder):
    """One row: the medians of both sides and their ratios."""
    peer_turn(o, "make_data", "make_classification", rows=work["rows"], columns=work["columns"], test=work["test"],
              seed=o.seed, folder=folder)  # fmt: skip
    sides = {
        "qrs": lambda: qrs_turn(o, program, work, folder),
        "peer": lambda: peer_turn(o, "estimator", "the peer", folder=folder, **work),
    }
    turns = take_turns(o.rounds, sides, name)
    row = {"work": name, "rows": work["rows"], "columns": work["columns"]}
    for side, of in turns.items():
        row[side] = {key: median(of, key) for key in ("fit_seconds", "predict_seconds", "score")}
        row[side]["peak_rss_bytes"] = max(t["peak_rss_bytes"] for t in of)
        row[side]["fit_rounds"] = [t["fit_seconds"] for t in of]
    row["fit_ratio"] = row["peer"]["fit_seconds"] / row["qrs"]["fit_seconds"]
    row["predict_ratio"] = row["peer"]["predict_seconds"] / row["qrs"]["predict_seconds"]
    row["memory_ratio"] = row["qrs"]["peak_rss_bytes"] / row["peer"]["peak_rss_bytes"]
    return row


def print_row(row):
    qrs, peer = row["qrs"], row["peer"]
    print(
        f"{row['work']:14}{row['rows']:>6} x{row['columns']:>5}{qrs['fit_seconds']:>9.3f}{peer['fit_seconds']:>9.3f}"
        f"{row['fit_ratio']:>7.2f}{qrs['predict_seconds']:>10.4f}{peer['predict_seconds']:>9.4f}{row['predict_ratio']:>7.2f}"
        f"{qrs['score']:>9.4f}{peer['score']:>8.4f}"
        f"{qrs['peak_rss_bytes'] / 1e6:>7.0f}{peer['peak_rss_bytes'] / 1e6:>6.0f}{row['memory_ratio']:>6.2f}",
        flush=True,
    )


def estimators(o):
    program = find_qrs(o)
    versions = peer_turn(o, "estimator_versions", "the peers (versions)")
    result = {"what": "estimators", **environment(o, program, versions), "rounds": o.rounds, "seed": o.seed, "rows": []}
    work = {name: WORK[name] for name in o.only}
    if o.growth:
        work = {
            f"{name} {k}n": {**WORK[name], "rows": GROWTH[name] * k, "test": 1000}
            for name in o.only
            if name in GROWTH
            for k in (1, 2, 4, 8)
        }
    if not o.json:
        print(f"{result['processor']}, {o.threads} threads; scikit-learn {result['scikit_learn']}, XGBoost {result['xgboost']},"
              f" qrs by {result['compiler']}")  # fmt: skip
        print(f"make_classification, seed {o.seed}, float32; medians of {o.rounds} rounds; {result['date']}\n")
        print(f"{'':27}{'fit, s':^25}{'predict, s':^26}{'accuracy':^17}{'memory, MB':^19}")
        print(f"{'work':14}{'data':>13}{'QRS':>9}{'peer':>9}{'ratio':>7}{'QRS':>10}{'peer':>9}{'ratio':>7}{'QRS':>9}{'peer':>8}"
              f"{'QRS':>7}{'peer':>6}{'ratio':>6}")  # fmt: skip
    for name, what in work.items():
        with tempfile.TemporaryDirectory(prefix="qrs_compare_") as folder:
            row = compare(o, program, name, what, folder)
        result["rows"].append(row)
        if not o.json:
            print_row(row)
    finish(o, result, "Of a PCA the score is the share of variance its components keep.")


def add_to(commands, common):
    verb = commands.add_parser("estimators", help="the learners beside scikit-learn and XGBoost")
    verb.set_defaults(run=estimators)
    verb.add_argument("--only", nargs="+", choices=WORK, default=list(WORK), metavar="WORK", help=", ".join(WORK))
    verb.add_argument("--growth", action="store_true", help="at n, 2n, 4n and 8n rows instead")
    verb.add_argument("--seed", type=int, default=0, help="of the data (0)")
    common(verb, "scikit-learn and xgboost")
