"""Writes pca.safetensors: what scikit-learn's PCA and StandardScaler give for the cases of tests/ml.

    python tests/golden/units/make_pca.py            (needs scikit-learn, numpy and safetensors; about 100 KB)

x is made so that the variances along its directions span 18 orders of magnitude, where a covariance in double has lost
half of them.
"""

import pathlib

import numpy as np
import safetensors.numpy
import sklearn
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

rng = np.random.RandomState(0)
out = {}


def graded(rows, cols, decades):
    rank = min(rows - 1, cols)
    u = np.linalg.qr(rng.normal(size=(rows, rank)))[0]
    v = np.linalg.qr(rng.normal(size=(cols, rank)))[0]
    return (u * 10.0 ** np.linspace(0, -decades, rank)) @ v.T


def keep(case, pca, x):
    pca.fit(x)
    out[f"{case}/components"] = pca.components_
    out[f"{case}/explained_variance"] = pca.explained_variance_
    out[f"{case}/explained_variance_ratio"] = pca.explained_variance_ratio_
    out[f"{case}/singular_values"] = pca.singular_values_
    out[f"{case}/noise_variance"] = np.array(pca.noise_variance_)
    z = pca.transform(x[:5])
    out[f"{case}/transformed"] = z
    out[f"{case}/reconstructed"] = pca.inverse_transform(z)


out["tall/x"] = tall = graded(40, 12, 9) + 0.1 * rng.normal(size=12)
out["wide/x"] = wide = graded(14, 30, 9)
out["noisy/x"] = noisy = rng.normal(size=(60, 8)) @ rng.normal(size=(8, 20)) + 0.3 * rng.normal(size=(60, 20)) + 5
keep("tall/full", PCA(svd_solver="full"), tall)
keep("wide/full", PCA(12, svd_solver="full"), wide)
keep("noisy/share", PCA(0.9), noisy)
keep("noisy/whiten", PCA(6, whiten=True, svd_solver="full"), noisy)
keep("noisy/covariance", PCA(5, svd_solver="covariance_eigh"), noisy)
keep("noisy/mle", PCA("mle"), noisy)
keep("noisy/randomized", PCA(4, svd_solver="randomized", random_state=7), noisy)
keep("noisy/randomized_options",
     PCA(4, svd_solver="randomized", iterated_power=2, n_oversamples=3, power_iteration_normalizer="none", random_state=3),
     noisy)
keep("wide/randomized", PCA(3, svd_solver="randomized", iterated_power=1, n_oversamples=2, random_state=1), noisy[:12])

scaled = np.column_stack([rng.normal(size=30), 1e6 + 1e-3 * rng.normal(size=30), np.full(30, 0.1), np.full(30, 1e15),
                          1e8 + 1e-9 * rng.normal(size=30), np.zeros(30)])
out["scaler/x"] = scaled
out["scaler/with_nan"] = with_nan = np.where(rng.rand(30, 6) < 0.2, np.nan, scaled)
for case, x in (("scaler/plain", scaled), ("scaler/nan", with_nan)):
    s = StandardScaler().fit(x)
    out[f"{case}/mean"], out[f"{case}/variance"], out[f"{case}/scale"] = s.mean_, s.var_, s.scale_
    out[f"{case}/z"] = s.transform(x)

path = pathlib.Path(__file__).parent / "pca.safetensors"
source = f"scikit-learn {sklearn.__version__}, numpy {np.__version__}"
safetensors.numpy.save_file({k: np.ascontiguousarray(v) for k, v in out.items()}, path, {"source": source})
print(path, path.stat().st_size, "bytes")
