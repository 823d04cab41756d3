"""Trees and forests of scikit-learn, node by node, for tests/ml/tree_golden_test.cpp.

    python3 make_trees.py            writes trees.safetensors beside this file (scikit-learn 1.9.1)

data/<set>/{x,y,weight,test}     float32 features, labels, weights, rows to predict
<case>/...                       what was fitted; the metadata `cases` says on which set, weighted or not, with which parameters
"""
import json
import pathlib

import numpy as np
import sklearn
from safetensors.numpy import save_file
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.tree import DecisionTreeClassifier

rng = np.random.RandomState(20)
tensors, cases = {}, []


def add_set(name, x, y):
    x = x.astype(np.float32)
    tensors[f"data/{name}/x"] = x
    tensors[f"data/{name}/y"] = y.astype(np.int64)
    tensors[f"data/{name}/weight"] = (rng.randint(0, 9, len(y)) / 4.0)      # some rows weigh nothing
    test = x[rng.permutation(len(x))[:30]] + rng.normal(0, 0.2, (30, x.shape[1])).astype(np.float32)
    tensors[f"data/{name}/test"] = test.astype(np.float32)


# Four classes, whose labels are not 0 ... 3; one feature is constant, one is a copy of another.
x = rng.normal(0, 1, (160, 7))
y = np.array([-3, 0, 5, 9])[(x[:, 0] + 0.5 * x[:, 1] > 0).astype(int) + 2 * (x[:, 2] + rng.normal(0, 0.7, 160) > 0.3)]
x[:, 4] = 1.5
x[:, 5] = x[:, 2]
add_set("normal", x, y)
# Few distinct values: every split is one of many equals.
x = rng.randint(0, 4, (150, 5)).astype(float)
add_set("ties", x, (x[:, 0] + x[:, 1] + rng.randint(0, 3, 150)).astype(int) % 3)
# Two classes, values closer than 1e-7, zeros of both signs.
x = rng.normal(0, 1, (120, 4))
x[:, 1] = np.round(x[:, 1], 1) + rng.randint(0, 3, 120) * 3e-8
x[:, 3] = np.where(x[:, 3] > 0, 0.0, -0.0) + (rng.rand(120) < 0.3)
add_set("close", x, (x[:, 0] + np.round(x[:, 1], 1) + rng.normal(0, 0.5, 120) > 0).astype(int))
# Missing values: at random, by class, a whole column, and some in rows to predict where there were none.
x = rng.normal(0, 1, (140, 6))
y = (x[:, 0] + x[:, 1] + rng.normal(0, 0.6, 140) > 0).astype(int) + (x[:, 2] > 1)
x[rng.rand(140, 6) < 0.15] = np.nan
x[:, 3] = np.where((y == 1) & (rng.rand(140) < 0.8), np.nan, 0.5)
x[:, 4] = np.nan
x[:, 5] = np.where(np.isnan(x[:, 5]), 0.1, x[:, 5])
add_set("missing", x, y)
tensors["data/missing/test"][:5, 5] = np.nan


def text(value):
    """A parameter as our parsers read it."""
    if isinstance(value, dict):
        return ",".join(f"{k}:{v}" for k, v in value.items())
    if isinstance(value, list):
        return ",".join(str(v) for v in value)
    return str(value)


def put_tree(name, tree):
    t = tree.tree_
    leaf = t.children_left < 0
    tensors[name + "/left"], tensors[name + "/right"] = t.children_left.astype(np.int32), t.children_right.astype(np.int32)
    tensors[name + "/feature"] = np.where(leaf, -1, t.feature).astype(np.int32)
    tensors[name + "/threshold"] = np.where(leaf, 0.0, t.threshold)
    tensors[name + "/missing_left"] = np.where(leaf, 0, t.missing_go_to_left).astype(np.int32)
    tensors[name + "/impurity"], tensors[name + "/value"] = t.impurity.copy(), t.value[:, 0, :].copy()
    tensors[name + "/samples"], tensors[name + "/weight"] = t.n_node_samples.astype(np.int32), t.weighted_n_node_samples.copy()


def add_case(learner, data, weighted=False, **params):
    name = f"case_{len(cases)}"
    cases.append(dict(case=name, learner=learner, data=data, weighted=weighted, params={k: text(v) for k, v in params.items()}))
    x, y = tensors[f"data/{data}/x"], tensors[f"data/{data}/y"]
    w = tensors[f"data/{data}/weight"] if weighted else None
    kind = DecisionTreeClassifier if learner == "tree" else RandomForestClassifier
    params = dict(dict(random_state=0), **params)
    m = kind(**params).fit(x, y, sample_weight=w)
    tensors[name + "/proba"] = m.predict_proba(tensors[f"data/{data}/test"])
    tensors[name + "/importances"] = m.feature_importances_
    if learner == "tree":
        put_tree(name + "/tree_0", m)
        path = kind(**params).cost_complexity_pruning_path(x, y, sample_weight=w)
        tensors[name + "/ccp_alphas"], tensors[name + "/ccp_impurities"] = path.ccp_alphas, path.impurities
    else:
        for i, tree in enumerate(m.estimators_):
            put_tree(f"{name}/tree_{i}", tree)
        if params.get("oob_score"):
            tensors[name + "/oob"], tensors[name + "/oob_score"] = m.oob_decision_function_, np.array([m.oob_score_])
        p = permutation_importance(m, x, y, n_repeats=2, random_state=3)
        tensors[name + "/permutation"] = p.importances


for data in ("normal", "ties", "close", "missing"):
    for criterion in ("gini", "entropy"):
        add_case("tree", data, criterion=criterion)
    add_case("tree", data, weighted=True, max_depth=4)
add_case("tree", "normal", criterion="log_loss", max_depth=3)
add_case("tree", "normal", min_samples_split=12, min_samples_leaf=5)
add_case("tree", "ties", min_samples_split=0.1, min_samples_leaf=0.04)
add_case("tree", "missing", min_samples_leaf=7)
add_case("tree", "normal", min_weight_fraction_leaf=0.06)
add_case("tree", "normal", weighted=True, min_weight_fraction_leaf=0.06)
add_case("tree", "normal", max_features="sqrt", random_state=11)
add_case("tree", "ties", max_features="log2", random_state=12)
add_case("tree", "ties", max_features=0.5, random_state=13)
add_case("tree", "missing", max_features=2, random_state=14)
add_case("tree", "normal", max_leaf_nodes=9)
add_case("tree", "ties", max_leaf_nodes=12, criterion="entropy", random_state=5)
add_case("tree", "normal", min_impurity_decrease=0.01)
add_case("tree", "normal", class_weight="balanced", max_depth=4)
add_case("tree", "normal", class_weight={-3: 2.5, 9: 0.5}, max_depth=4)
add_case("tree", "normal", ccp_alpha=0.008)
add_case("tree", "ties", ccp_alpha=0.01, criterion="entropy")
add_case("tree", "close", monotonic_cst=[1, 0, -1, 0])
add_case("tree", "close", monotonic_cst=[-1, 1, 0, 0], max_leaf_nodes=8)
add_case("forest", "normal", n_estimators=6, oob_score=True)
add_case("forest", "ties", n_estimators=4, criterion="entropy", random_state=7, max_depth=5, oob_score=True)
add_case("forest", "missing", n_estimators=4, max_samples=0.6, oob_score=True)
add_case("forest", "close", n_estimators=3, bootstrap=False, max_features=2, max_depth=4)
add_case("forest", "normal", n_estimators=3, weighted=True, max_samples=100, max_depth=5, oob_score=True)
add_case("forest", "normal", n_estimators=3, class_weight="balanced", max_depth=5)
add_case("forest", "normal", n_estimators=3, weighted=True, class_weight="balanced", max_samples=0.5, max_depth=5)
add_case("forest", "normal", n_estimators=3, class_weight="balanced_subsample", max_depth=4)
add_case("forest", "normal", n_estimators=3, class_weight="balanced_subsample", bootstrap=False, max_depth=3)
add_case("forest", "normal", n_estimators=3, max_leaf_nodes=10, min_samples_leaf=2, ccp_alpha=0.003)

save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, pathlib.Path(__file__).parent / "trees.safetensors",
          metadata={"source": f"scikit-learn {sklearn.__version__}", "cases": json.dumps(cases)})
