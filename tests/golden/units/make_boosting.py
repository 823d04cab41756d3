"""Small models of XGBoost: writes tests/golden/units/boosting.safetensors and boosting_model.json.

    python3 tests/golden/units/make_boosting.py          (numpy, xgboost 3, safetensors)

x, y2, y4, y are shared by all cases: the first 160 rows are learned from, the others predicted. Each entry of the metadata
`cases` has `case` (the prefix of its tensors), `target` (the labels or values) and `params`, by XGBoost's names.
"""

import json
import pathlib

import numpy as np
import xgboost as xgb
from safetensors.numpy import save_file

folder = pathlib.Path(__file__).parent
r = np.random.RandomState(3)
x = np.round(r.normal(size=(200, 5)) * 8).astype(np.float32) / 8
score = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.3 * r.normal(size=200)
holes = x.copy()
holes[r.uniform(size=x.shape) < 0.25] = np.nan
targets = {
    "y2": (score > np.median(score)).astype(np.int64),
    "y4": np.digitize(score, np.quantile(score, [0.25, 0.5, 0.75])).astype(np.int64),
    "y": score.astype(np.float64),
}
tensors = {"x": x, "holes": holes, **targets}
cases = []
learned = 160
for case, data, target, params in [
    ("exact2", "x", "y2", dict(tree_method="exact", max_depth=4)),
    ("exact4", "x", "y4", dict(tree_method="exact", max_depth=3, gamma=0.2, reg_alpha=0.1, min_child_weight=2)),
    ("exact_holes", "holes", "y2", dict(tree_method="exact", max_depth=3)),
    ("exact_values", "x", "y", dict(tree_method="exact", max_depth=3, reg_lambda=2.0)),
    ("hist2", "x", "y2", dict(tree_method="hist", max_depth=4)),
    ("hist4", "holes", "y4", dict(tree_method="hist", max_depth=3)),
    ("hist_values", "x", "y", dict(tree_method="hist", max_depth=3, max_bin=16)),
    ("lossguide", "x", "y2", dict(tree_method="hist", grow_policy="lossguide", max_leaves=6, max_depth=0)),
    ("monotone", "holes", "y", dict(tree_method="hist", max_depth=4, monotone_constraints="(1,0,-1,1,0)")),
    ("clipped", "x", "y4", dict(tree_method="exact", max_depth=3, max_delta_step=0.4)),
]:
    xs, ys = tensors[data], targets[target]
    objective = {"y": "reg:squarederror", "y2": "binary:logistic", "y4": "multi:softprob"}[target]
    extra = {"num_class": 4} if target == "y4" else {}
    booster = xgb.train({**params, **extra, "objective": objective, "nthread": 1}, xgb.DMatrix(xs[:learned], ys[:learned]), 6)
    inside = xgb.DMatrix(xs[learned:])
    p = booster.predict(inside)
    if target == "y2":
        p = np.stack([1 - p, p], axis=1)
    tensors[case + "/prediction"] = p.reshape(len(xs) - learned, -1).astype(np.float32)
    tensors[case + "/shap"] = booster.predict(inside, pred_contribs=True).reshape(len(xs) - learned, -1).astype(np.float32)
    for kind in ("gain", "weight", "cover", "total_gain", "total_cover"):
        found = booster.get_score(importance_type=kind)
        tensors[f"{case}/{kind}"] = np.array([found.get(f"f{j}", 0.0) for j in range(5)], np.float32)
    cases.append({"case": case, "data": data, "target": target, "params": params})
    if case == "exact_holes":
        booster.set_attr(best_iteration="3")
        booster.save_model(folder / "boosting_model.json")
        tensors["model/prediction"] = booster.predict(inside, iteration_range=(0, 4)).astype(np.float32)
save_file(tensors, folder / "boosting.safetensors", {"cases": json.dumps(cases), "source": f"xgboost {xgb.__version__}"})
