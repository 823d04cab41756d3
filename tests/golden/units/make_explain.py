"""Writes explain.safetensors: Grad-CAM and Grad-CAM++ of a small network, by PyTorch's automatic differentiation.

    python3 tests/golden/units/make_explain.py            (needs torch, numpy and safetensors; about 20 KB)

The network: two convolutions with ReLU, an average over the image, a linear layer. Everything is in float64. The maps follow
the papers' equations literally: Grad-CAM++ takes the second and third derivatives of exp(score) by every activation, one
after the other, and not the closed form of include/qrs/explain/grad_cam.hpp. Its map is divided by exp(score), the factor
that the closed form leaves out.
"""

import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
conv1 = torch.nn.Conv2d(1, 5, 3, padding=1)
conv2 = torch.nn.Conv2d(5, 6, 3, stride=2, padding=1)
fc = torch.nn.Linear(6, 3)
with torch.no_grad():
    fc.weight *= 6.0  # so that the classes' maps differ
image = torch.rand(1, 1, 9, 8)


def scores(activations):
    return fc(activations.mean(dim=(2, 3)))


activations = torch.relu(conv2(torch.relu(conv1(image)))).detach()
out = {"image": image, "activations": activations, "logits": scores(activations)}
for name, layer in {"conv1": conv1, "conv2": conv2, "fc": fc}.items():
    out[f"weights/{name}.weight"] = layer.weight
    out[f"weights/{name}.bias"] = layer.bias

for c in range(3):
    a = activations.clone().requires_grad_()
    gradient = torch.autograd.grad(scores(a)[0, c], a)[0]
    alpha = gradient.mean(dim=(2, 3), keepdim=True)
    out[f"grad_cam/{c}"] = torch.relu((alpha * a).sum(dim=1)[0])

    y = torch.exp(scores(a)[0, c])
    first = torch.autograd.grad(y, a, create_graph=True)[0]
    second = torch.zeros_like(a)
    third = torch.zeros_like(a)
    for i in range(a.numel()):
        d2 = torch.autograd.grad(first.flatten()[i], a, create_graph=True)[0].flatten()[i]
        second.flatten()[i] = d2.detach()
        third.flatten()[i] = torch.autograd.grad(d2, a, retain_graph=True)[0].flatten()[i]
    below = 2.0 * second + a.sum(dim=(2, 3), keepdim=True) * third
    share = torch.where(second != 0, second / below, torch.zeros_like(second))
    weights = (share * torch.relu(first)).sum(dim=(2, 3), keepdim=True)
    out[f"grad_cam_plus_plus/{c}"] = torch.relu((weights * a).sum(dim=1)[0]) / y

path = pathlib.Path(__file__).parent / "explain.safetensors"
arrays = {k: np.ascontiguousarray(v.detach().numpy()) for k, v in out.items()}
save_file(arrays, path, {"source": f"torch {torch.__version__}"})
for k, v in arrays.items():
    print(k, v.shape, np.round(v.ravel()[:4], 4))
