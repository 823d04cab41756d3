#!/usr/bin/env python3
"""Writes metrics.safetensors and metrics_report_*.txt: scores by scikit-learn, distributions and intervals by SciPy.

    python3 tests/golden/units/make_metrics.py          # needs numpy, scipy, scikit-learn, safetensors

tests/metrics/*_test.cpp repeats each value by name. Two predictions are stored: `four`, four classes with labels that are not
0 ... 3, many ties and a class that is never predicted; `two`, labels -1 and 1, one column of scores with ties.
Intervals that have no function in SciPy are written here from their definitions, in the plainest form.
"""
import math
import pathlib
import warnings

import numpy as np
from safetensors.numpy import save_file
from scipy import special, stats
from sklearn import calibration, metrics

warnings.simplefilter("ignore")
here = pathlib.Path(__file__).parent
out = {}


def put(name, value, kind=np.float64):
    out[name] = np.atleast_1d(np.asarray(value, dtype=kind)).copy()


rs = np.random.RandomState(20240601)
classes = np.array([-7, 2, 5, 40])

# ---- four classes ----
y = classes[rs.choice(4, 90, p=[0.35, 0.3, 0.2, 0.15])]
code = np.searchsorted(classes, y)
s = np.round(rs.random_sample((90, 4)) + 0.5 * np.eye(4)[code], 1) + 0.05  # one digit: ties within rows and columns
s[:, 3] *= 0.4  # never the greatest
s /= s.sum(1, keepdims=True)
pred = classes[s.argmax(1)]
assert 40 not in pred and 40 in y
put("four/y", y, np.int64), put("four/scores", s), put("four/predicted", pred, np.int64)
for norm in ("true", "pred", "all"):
    put(f"four/confusion_{norm}", metrics.confusion_matrix(y, pred, normalize=norm))
put("four/confusion", metrics.confusion_matrix(y, pred), np.int64)
put("four/confusion_listed", metrics.confusion_matrix(y, pred, labels=[5, -7, 99]), np.int64)
put("four/accuracy", metrics.accuracy_score(y, pred))
put("four/balanced", [metrics.balanced_accuracy_score(y, pred, adjusted=a) for a in (False, True)])
put("four/balanced_swapped", metrics.balanced_accuracy_score(pred, y))  # a predicted class without samples
put("four/kappa", [metrics.cohen_kappa_score(y, pred, weights=w) for w in (None, "linear", "quadratic")])
put("four/kappa_listed", metrics.cohen_kappa_score(y, pred, weights="linear", labels=[2, -7, 5]))
put("four/matthews", metrics.matthews_corrcoef(y, pred))
put("four/top", [metrics.top_k_accuracy_score(y, s, k=k) for k in (1, 2, 3, 4)])
for zero in (0.0, 1.0, math.nan):
    for beta in (1.0, 0.5, 0.0, math.inf):
        for name, listed in (("all", None), ("listed", [5, 99, -7])):
            key = f"four/prf_{zero:g}_{beta:g}_{name}"
            f = lambda average: np.array(metrics.precision_recall_fscore_support(
                y, pred, beta=beta, labels=listed, average=average, zero_division=zero)[:3], dtype=np.float64)
            put(key + "_each", f(None))
            put(key + "_averages", [f(a) for a in ("macro", "weighted", "micro")])
for mc in ("ovr", "ovo"):
    put(f"four/auc_{mc}", [metrics.roc_auc_score(y, s, multi_class=mc, average=a)
                           for a in (("macro", "weighted", "micro") if mc == "ovr" else ("macro", "weighted"))])
put("four/auc_each", [metrics.roc_auc_score(y == c, s[:, j]) for j, c in enumerate(classes)])
put("four/ap_each", [metrics.average_precision_score(y == c, s[:, j]) for j, c in enumerate(classes)])
put("four/ap", [metrics.average_precision_score(y, s, average=a) for a in ("macro", "weighted", "micro")])
put("four/log_loss", metrics.log_loss(y, s))
put("four/brier", [metrics.brier_score_loss(y, s, labels=classes, scale_by_half=h) for h in (False, True)])
kept = y != 40  # a class without samples: the classes have to be listed
put("four/log_loss_listed", metrics.log_loss(y[kept], s[kept], labels=classes))
for name, kw in (("all", {}), ("listed", dict(labels=[2, 5])), ("names", dict(target_names=["myocardial infarction", "b", "c", "d"], digits=4))):
    (here / f"metrics_report_{name}.txt").write_text(metrics.classification_report(y, pred, zero_division=0, **kw))

# ---- two classes ----
y2 = np.where(rs.random_sample(80) < 0.4, 1, -1)
s2 = np.clip(np.round(0.5 + 0.15 * y2 + 0.3 * rs.randn(80), 2), 0, 1)
b2 = np.clip(np.round(0.5 + 0.10 * y2 + 0.5 * (s2 - 0.5) + 0.2 * rs.randn(80), 2), 0, 1)
put("two/y", y2, np.int64), put("two/scores", s2), put("two/others", b2)
put("two/auc", metrics.roc_auc_score(y2, s2))
put("two/ap", metrics.average_precision_score(y2, s2))
for drop in (False, True):
    fpr, tpr, t = metrics.roc_curve(y2, s2, drop_intermediate=drop)
    put(f"two/roc_{int(drop)}_fpr", fpr), put(f"two/roc_{int(drop)}_tpr", tpr), put(f"two/roc_{int(drop)}_thresholds", t[1:])
    p, r, t = metrics.precision_recall_curve(y2, s2, drop_intermediate=drop)
    put(f"two/pr_{int(drop)}_precision", p), put(f"two/pr_{int(drop)}_recall", r), put(f"two/pr_{int(drop)}_thresholds", t)
put("two/log_loss", metrics.log_loss(y2, s2))
put("two/brier", metrics.brier_score_loss(y2, s2))
put("two/top_1", metrics.top_k_accuracy_score(y2, s2, k=1))
true, mean = calibration.calibration_curve(y2, s2, pos_label=1, n_bins=7)
put("two/calibration", [true, mean])
pred2 = np.where(s2 > 0.5, 1, -1)
put("two/prf_positive", metrics.precision_recall_fscore_support(y2, pred2, average="binary", pos_label=-1)[:3])

# DeLong by the O(m n) definition
def placements(scores):
    pos, neg = scores[y2 == 1], scores[y2 == -1]
    wins = (pos[:, None] > neg[None]) + 0.5 * (pos[:, None] == neg[None])
    return wins.mean(1), wins.mean(0)

v, w = zip(placements(s2), placements(b2))
cov = np.cov(np.array(v)) / len(v[0]) + np.cov(np.array(w)) / len(w[0])
put("two/delong_covariance", cov)
z = (v[0].mean() - v[1].mean()) / math.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
put("two/delong_z_p", [z, 2 * stats.norm.sf(abs(z))])

# ---- distributions ----
p = np.array([1e-300, 1e-100, 1e-20, 1e-9, 0.001, 0.025, 0.2, 0.5, 0.7, 0.975, 0.999999, 1 - 1e-15])
put("normal/p", p), put("normal/quantile", special.ndtri(p))
x = np.array([-38.0, -20.0, -8.0, -3.0, -0.5, 0.0, 1e-8, 0.7, 2.0, 6.0, 9.0])
put("normal/x", x), put("normal/cdf", special.ndtr(x))
rows = [(a, b, t) for a in (0.3, 1.0, 2.5, 17.0, 400.0, 1e5) for b in (0.7, 1.0, 3.0, 50.0, 2e4)
        for t in (0.0005, 0.025, 0.3, 0.5, 0.9, 0.9995)]
a, b, t = np.array(rows).T
q = special.betaincinv(a, b, t)
put("beta/a", a), put("beta/b", b), put("beta/p", t), put("beta/quantile", q)
x = np.clip(a / (a + b) + rs.randn(len(a)) * np.sqrt(a * b / (a + b) ** 2 / (a + b + 1)), 0.001, 0.999)
put("beta/x", x), put("beta/cdf", special.betainc(a, b, x))

# ---- intervals and tests ----
counts = [(0, 1), (1, 1), (0, 10), (10, 10), (3, 10), (26, 36), (139, 140), (500, 928), (12345, 100000)]
put("interval/counts", counts, np.int64)
for name, method in (("wilson", "wilson"), ("clopper_pearson", "exact")):
    put(f"interval/{name}", [[tuple(stats.binomtest(k, n).proportion_ci(c, method=method)) for c in (0.9, 0.95)] for k, n in counts])
pairs = [(0, 0), (1, 0), (5, 5), (3, 9), (0, 12), (40, 71), (812, 900)]
put("mcnemar/counts", pairs, np.int64)
put("mcnemar/p", [min(1.0, 2 * stats.binom.cdf(min(i, j), i + j, 0.5)) for i, j in pairs])
p = np.array([0.04, 0.001, 0.3, 0.012, 0.012, 0.9, 0.02])
put("holm/p", p)
put("holm/adjusted", [max(min(1.0, (p.size - i) * np.sort(p)[i]) for i in range(int((np.sort(p) <= v).sum()))) for v in p])

# BCa from replicates that are given: scipy's formula with numpy's percentile
x = rs.exponential(size=40)
reps = np.array([x[rs.randint(0, 40, 40)].mean() for _ in range(999)])
left = np.array([np.delete(x, i).mean() for i in range(40)])
u = (40 - 1) * (left.mean() - left)
accel = (u ** 3).sum() / 40 ** 3 / (6 * ((u ** 2).sum() / 40 ** 2) ** 1.5)
z0 = special.ndtri(((reps < x.mean()).sum() + (reps <= x.mean()).sum()) / 2 / len(reps))
levels = [special.ndtr(z0 + (z0 + q) / (1 - accel * (z0 + q))) for q in special.ndtri([0.05, 0.95])]
put("bca/replicates", reps), put("bca/left_out", left), put("bca/estimate", x.mean()), put("bca/acceleration", accel)
put("bca/interval", np.percentile(reps, 100 * np.array(levels)))
put("bca/percentile", np.percentile(reps, [5, 95]))

save_file(out, here / "metrics.safetensors", metadata={"source": "scikit-learn, SciPy and NumPy, see make_metrics.py"})
