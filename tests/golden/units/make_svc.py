"""Support vector machines of scikit-learn, for tests/ml/svc_golden_test.cpp.

    python3 make_svc.py            writes svc.safetensors beside this file (scikit-learn 1.9.1)

data/<set>/{x,y,weight,test}     float64 features, labels, weights (some 0), rows to predict
<case>/...                       what was fitted; the metadata `cases` says on which set, weighted or not, with which parameters
"""
import json
import pathlib

import numpy as np
import sklearn
from safetensors.numpy import save_file
from sklearn.svm import SVC

rng = np.random.RandomState(11)
tensors, cases = {}, []


def add_set(name, x, y, test):
    tensors[f"data/{name}/x"] = np.ascontiguousarray(x, np.float64)
    tensors[f"data/{name}/y"] = np.asarray(y, np.int64)
    tensors[f"data/{name}/weight"] = rng.randint(0, 9, len(y)) / 4.0
    tensors[f"data/{name}/test"] = np.ascontiguousarray(test, np.float64)


# Two classes that overlap; three whose labels are not 0 ... 2, of unequal sizes, far from the origin.
x = rng.normal(0, 1, (90, 5))
y = np.where(x[:, 0] + x[:, 1] ** 2 + rng.normal(0, 0.8, 90) > 0.8, 7, -2)
add_set("two", x, y, rng.normal(0, 1.2, (40, 5)))
x = rng.normal(0, 1, (110, 4)) + [1000.0, 0.0, -50.0, 3.0]
y = np.where(x[:, 1] + rng.normal(0, 0.6, 110) > 0.7, 4, np.where(x[:, 3] > 2.6, -1, 2))
add_set("three", x, y, rng.normal(0, 1.2, (40, 4)) + [1000.0, 0.0, -50.0, 3.0])
# The same row several times, with either label.
x = rng.randint(0, 3, (60, 3)).astype(float)
y = (x[:, 0] + rng.randint(0, 2, 60) > 1).astype(int) + (x[:, 2] > 1)
add_set("repeated", x, y, rng.randint(0, 4, (20, 3)).astype(float))
# Kernel values instead of features.
x, test = rng.normal(0, 1, (50, 3)), rng.normal(0, 1, (20, 3))
y = np.where(x[:, 0] > 0.3, 2, np.where(x[:, 1] > 0, 1, 0))
add_set("kernel", (x @ x.T + 1) ** 2, y, (test @ x.T + 1) ** 2)


def add_case(name, data, weighted=False, **params):
    x, y, test = (tensors[f"data/{data}/{k}"] for k in ("x", "y", "test"))
    weight = tensors[f"data/{data}/weight"] if weighted else None
    m = SVC(tol=1e-6, **params).fit(x, y, sample_weight=weight)
    ovo = SVC(tol=1e-6, **{**params, "decision_function_shape": "ovo", "break_ties": False}).fit(x, y, sample_weight=weight)
    tensors[f"{name}/decision_ovr"] = np.atleast_2d(m.decision_function(test).T).T.copy()
    tensors[f"{name}/decision_ovo"] = np.atleast_2d(ovo.decision_function(test).T).T.copy()
    tensors[f"{name}/predict"] = m.predict(test).astype(np.int64)
    tensors[f"{name}/n_support"] = m.n_support_.astype(np.int64)
    tensors[f"{name}/support"] = m.support_.astype(np.int64)
    tensors[f"{name}/dual_coef"] = np.ascontiguousarray(m.dual_coef_)
    tensors[f"{name}/intercept"] = m.intercept_.copy()
    weights = params.pop("class_weight", None)
    if isinstance(weights, dict):
        weights = ",".join(f"{k}:{v}" for k, v in weights.items())
    if weights:
        params["class_weight"] = weights
    cases.append(dict(case=name, data=data, weighted=weighted, params=params))


add_case("rbf2", "two", C=2.0)
add_case("rbf3", "three", C=5.0)
add_case("auto", "three", C=1.0, gamma="auto")
add_case("number", "three", C=30.0, gamma=0.7)
add_case("linear", "two", C=0.5, kernel="linear")
add_case("poly", "two", C=1.0, kernel="poly", degree=2, gamma=0.3, coef0=0.5)
add_case("sigmoid", "two", C=1.0, kernel="sigmoid", gamma=0.05, coef0=0.1)
add_case("precomputed", "kernel", C=0.3, kernel="precomputed")
add_case("weighted", "three", weighted=True, C=3.0)
add_case("weighted2", "two", weighted=True, C=1.0, class_weight="balanced")
add_case("classes", "three", C=1.0, class_weight={-1: 4.0, 4: 0.25})
add_case("ties", "three", C=0.02, gamma=2.0, break_ties=True)
add_case("plain", "three", C=8.0, shrinking=False)
add_case("repeated", "repeated", C=1.0, gamma=0.5)
path = pathlib.Path(__file__).with_name("svc.safetensors")
save_file(tensors, path, dict(source=f"scikit-learn {sklearn.__version__}", cases=json.dumps(cases)))
print(path.stat().st_size, "bytes")
