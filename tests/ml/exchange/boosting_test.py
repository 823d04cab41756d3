"""Boosting beside XGBoost: equal predictions of equal parameters, and models that each reads from the other.

    python3 tests/ml/exchange/boosting_test.py PROGRAM_BOOSTING

Status 77 (a skip) where xgboost or numpy is not installed.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import xgboost as xgb
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

program = sys.argv[1]
version = tuple(int(part) for part in xgb.__version__.split(".")[:2])
failures = 0


def check(what, error, tolerance):
    global failures
    good = bool(error <= tolerance)
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} {what}: {error:.3g} (at most {tolerance:g})")


def data(kind, seed, rows=600, columns=9, missing=0.0, levels=None):
    """Train, test and evaluation rows of a noisy rule; `levels` rounds features to few values."""
    r = np.random.RandomState(seed)
    x = r.normal(size=(rows + 300, columns)).astype(np.float32)
    score = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * x[:, 3] + 0.3 * r.normal(size=len(x))
    if levels:
        x = (np.round(x * levels) / levels).astype(np.float32)
    if missing:
        x[r.uniform(size=x.shape) < missing] = np.nan
    if kind == "regression":
        y = score.astype(np.float64)
    else:
        y = np.digitize(score, np.quantile(score, np.arange(1, kind) / kind)).astype(np.int64)
    return (x[:rows], y[:rows]), (x[rows : rows + 150], y[rows : rows + 150]), (x[rows + 150 :], y[rows + 150 :])


def ours(folder, train, test, params, weight=None, evaluation=None):
    for old in folder.iterdir():
        old.unlink()
    if train is not None:
        np.save(folder / "train_x.npy", train[0])
        np.save(folder / "train_y.npy", train[1])
    np.save(folder / "test_x.npy", test[0])
    if weight is not None:
        np.save(folder / "weight.npy", weight)
    if evaluation is not None:
        np.save(folder / "eval_x.npy", evaluation[0])
        np.save(folder / "eval_y.npy", evaluation[1])


def run(folder, params):
    subprocess.run([program, str(folder), *(f"{k}={v}" for k, v in params.items())], check=True)
    return np.load(folder / "prediction.npy")


def peer_prediction(booster, x, regression):
    best = getattr(booster, "best_iteration", None) if booster.attr("best_iteration") else None
    out = booster.predict(xgb.DMatrix(x), iteration_range=(0, best + 1 if best is not None else 0))
    return out if regression or out.ndim == 2 else np.stack([1 - out, out], axis=1)


def compare(folder, name, kind, params, weight=False, early=False, exact_match=True, **options):
    regression = kind == "regression"
    train, test, held_out = data(kind, seed=len(name), **options)
    objective = "reg:squarederror" if regression else "binary:logistic" if kind == 2 else "multi:softprob"
    w = np.random.RandomState(1).uniform(0.2, 3, size=len(train[0])).astype(np.float32).astype(np.float64) if weight else None
    mine = {"n_estimators": 20, "objective": objective, **params}
    if early:
        mine["early_stopping_rounds"] = 5
    if version < (2, 0):
        mine.setdefault("base_score", 0.5)
    theirs = {"seed": 0, "nthread": 1, "verbosity": 0, **{k: v for k, v in mine.items() if k not in ("n_estimators", "early_stopping_rounds", "missing")}}
    if kind not in (2, "regression"):
        theirs["num_class"] = kind
    missing = params.get("missing", np.nan)
    matrix = xgb.DMatrix(train[0], train[1], weight=w, missing=missing)
    history = {}
    booster = xgb.train(theirs, matrix, mine["n_estimators"], evals=[(xgb.DMatrix(held_out[0], held_out[1], missing=missing), "e")] if early else [],
                        early_stopping_rounds=5 if early else None, evals_result=history, verbose_eval=False)
    ours(folder, train, test, mine, w, held_out if early else None)
    got = run(folder, mine)
    best = booster.best_iteration if early else None
    inside = xgb.DMatrix(test[0], missing=missing)
    rounds = (0, best + 1 if early else 0)
    want = booster.predict(inside, iteration_range=rounds)
    want = want if regression or want.ndim == 2 else np.stack([1 - want, want], axis=1)
    check(f"{name}: prediction", np.abs(got - want).max(), 1e-5)
    if early:
        metric = list(history["e"].values())[0]
        mine_history = np.load(folder / "history.npy")
        check(f"{name}: rounds until it stops", abs(len(mine_history) - len(metric)), 0)
        n = min(len(metric), len(mine_history))
        check(f"{name}: metric of each round", np.abs(mine_history[:n] - metric[:n]).max(), 1e-5)
        check(f"{name}: best_iteration", abs(int(json.loads((folder / "model.json").read_text())["learner"]["attributes"]["best_iteration"]) - best), 0)

    back = xgb.Booster()
    back.load_model(str(folder / "model.json"))
    again = back.predict(inside, iteration_range=rounds)
    again = again if regression or again.ndim == 2 else np.stack([1 - again, again], axis=1)
    check(f"{name}: XGBoost reads our model", np.abs(again - got).max(), 1e-6)

    shap = np.load(folder / "shap.npy")
    contributions = booster.predict(inside, pred_contribs=True, iteration_range=rounds).reshape(len(test[0]), -1)
    check(f"{name}: SHAP values", np.abs(shap - contributions).max(), 2e-4)

    booster.save_model(str(folder / "peer.json"))
    theirs_read = run(folder, {k: v for k, v in mine.items() if k in ("objective", "missing")})
    check(f"{name}: we read XGBoost's model", np.abs(theirs_read - want).max(), 1e-6)


with tempfile.TemporaryDirectory() as temporary:
    folder = pathlib.Path(temporary)
    for method in ("exact", "hist"):
        few = {"levels": 4} if method == "hist" else {}
        compare(folder, f"{method}, two classes", 2, {"tree_method": method}, **few)
        compare(folder, f"{method}, five classes", 5, {"tree_method": method, "max_depth": 4}, **few)
        compare(folder, f"{method}, regression", "regression", {"tree_method": method}, **few)
        compare(folder, f"{method}, missing values", 2, {"tree_method": method}, missing=0.2, **few)
        compare(folder, f"{method}, missing values and classes", 3, {"tree_method": method, "min_child_weight": 0}, missing=0.5, **few)
        compare(folder, f"{method}, many missing values, regression", "regression", {"tree_method": method}, missing=0.9, **few)
        compare(folder, f"{method}, penalties", 2, {"tree_method": method, "reg_alpha": 0.7, "reg_lambda": 3.5, "gamma": 0.4, "min_child_weight": 4.5}, **few)
        compare(folder, f"{method}, no penalty at all", 2, {"tree_method": method, "reg_lambda": 0, "min_child_weight": 0, "learning_rate": 0.1}, **few)
        compare(folder, f"{method}, max_delta_step", 3, {"tree_method": method, "max_delta_step": 0.3, "reg_alpha": 0.1}, **few)
        compare(folder, f"{method}, monotone", "regression", {"tree_method": method, "monotone_constraints": "(1,0,-1,1,0,0,0,0,0)"}, **few)
        compare(folder, f"{method}, monotone with missing values", 2, {"tree_method": method, "monotone_constraints": "(1,-1,1,1,0,0,0,0,0)"}, missing=0.2, **few)
        compare(folder, f"{method}, weights", 3, {"tree_method": method}, weight=True, **few)
        compare(folder, f"{method}, scale_pos_weight", 2, {"tree_method": method, "scale_pos_weight": 2.5}, weight=True, **few)
        compare(folder, f"{method}, base_score", 2, {"tree_method": method, "base_score": 0.2}, **few)
        compare(folder, f"{method}, early stopping", 2, {"tree_method": method, "n_estimators": 200, "learning_rate": 0.5}, early=True, **few)
        compare(folder, f"{method}, early stopping, classes", 4, {"tree_method": method, "n_estimators": 200, "learning_rate": 0.7}, early=True, **few)
    compare(folder, "hist, more values than bins", 2, {"tree_method": "hist", "max_bin": 64})
    compare(folder, "hist, more values than bins, weights", "regression", {"tree_method": "hist", "max_bin": 77}, weight=True)
    compare(folder, "hist, 256 bins of 600 values and missing ones", 3, {"tree_method": "hist"}, missing=0.1)
    compare(folder, "hist, 500 bins", 2, {"tree_method": "hist", "max_bin": 500})
    compare(folder, "hist, lossguide", 3, {"tree_method": "hist", "grow_policy": "lossguide", "max_leaves": 12, "max_depth": 0})
    compare(folder, "hist, lossguide of some depth", 2, {"tree_method": "hist", "grow_policy": "lossguide", "max_depth": 5})
    compare(folder, "hist, depthwise with max_leaves", 2, {"tree_method": "hist", "max_leaves": 11})
    compare(folder, "hist, deep", 2, {"tree_method": "hist", "max_depth": 12, "min_child_weight": 0.1})

print(f"xgboost {xgb.__version__}: {failures} failures")
sys.exit(1 if failures else 0)
