#!/usr/bin/env python3
"""Writes golden.json: what PyTorch computes for small networks whose weights and images are given by formulas, so that the test in Go makes the
very same. Format 1. Needs torch."""
import json
import math

import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def fill(shape, seed, scale):
    n = math.prod(shape)
    v = [scale * math.sin(1.7 * i + seed) * math.cos(.31 * i * seed + .5) for i in range(n)]
    return torch.tensor(v, dtype=torch.float32).reshape(shape)


def chain():
    shapes = {
        "conv1.weight": (6, 2, 3, 3), "conv1.bias": (6,), "conv2.weight": (8, 3, 3, 3), "conv2.bias": (8,),
        "ip1.weight": (12, 16), "ip1.bias": (12,), "ip2.weight": (4, 12), "ip2.bias": (4,),
    }

    def forward(p, x):
        v = {}
        v["conv1"] = F.conv2d(x, p["conv1.weight"], p["conv1.bias"], padding=1)
        v["pool1"] = F.max_pool2d(F.relu(v["conv1"]), 2, 2, ceil_mode=True)
        v["conv2"] = F.conv2d(v["pool1"], p["conv2.weight"], p["conv2.bias"], groups=2)
        v["pool2"] = F.avg_pool2d(torch.tanh(v["conv2"]), 2, 2, ceil_mode=True)
        v["ip1"] = F.linear(v["pool2"].flatten(1), p["ip1.weight"], p["ip1.bias"])
        v["ip2"] = F.linear(torch.sigmoid(v["ip1"]), p["ip2.weight"], p["ip2.bias"])
        return v, v["ip2"]

    def loss(out, labels):
        return F.cross_entropy(out, labels)

    return shapes, (2, 9, 8), 4, forward, loss


def branches():
    shapes = {
        "a.weight": (3, 2, 3, 3), "a.bias": (3,), "b.weight": (5, 2, 2, 2), "b.bias": (5,), "c.weight": (8, 8, 3, 3), "c.bias": (8,),
        "ip.weight": (3, 8 * 4 * 4), "ip.bias": (3,),
    }

    def forward(p, x):
        v = {}
        v["a"] = F.conv2d(x, p["a.weight"], p["a.bias"], padding=1)
        v["b"] = F.conv2d(x, p["b.weight"], p["b.bias"], padding=1, dilation=2)
        v["both"] = torch.cat([v["a"], v["b"]], 1)
        v["norm"] = F.local_response_norm(v["both"], 3, alpha=.3, beta=.75, k=1)
        v["c"] = F.conv2d(v["norm"], p["c.weight"], p["c.bias"], padding=1)
        v["sum"] = v["norm"] + v["c"]
        v["pool"] = F.max_pool2d(F.relu(v["sum"]), 3, 2, padding=1, ceil_mode=True)
        v["ip"] = F.linear(v["pool"].flatten(1), p["ip.weight"], p["ip.bias"])
        return v, v["ip"]

    def loss(out, labels):
        return .5 * ((out - F.one_hot(labels, 3).float()) ** 2).sum() / len(labels)

    return shapes, (2, 7, 7), 3, forward, loss


def residual():
    shapes = {
        "conv.weight": (4, 2, 3, 3), "norm.weight": (4,), "norm.bias": (4,), "a.weight": (4, 4, 3, 3), "b.weight": (4,), "b.bias": (4,),
        "ip.weight": (3, 4), "ip.bias": (3,),
    }

    def forward(p, x):
        if "norm.mean" not in p:
            for name in ("norm", "b"):
                p[name + ".mean"], p[name + ".variance"] = torch.zeros(4), torch.ones(4)

        def norm(name, x):
            return F.batch_norm(x, p[name + ".mean"], p[name + ".variance"], p[name + ".weight"], p[name + ".bias"], training=True, momentum=.1, eps=1e-5)

        v = {}
        v["conv"] = F.conv2d(x, p["conv.weight"], padding=1)
        v["norm"] = norm("norm", v["conv"])
        v["leaky"] = F.leaky_relu(v["norm"], .2)
        v["a"] = F.conv2d(v["leaky"], p["a.weight"], padding=1)
        v["b"] = norm("b", v["a"])
        v["relu"] = F.relu(v["b"])
        v["sum"] = v["relu"] + v["leaky"]
        # Within channels: Caffe squares, takes means of windows with the padding in them, and divides by 1 + alpha times those to the power of beta.
        v["lrn"] = v["sum"] * (1 + .3 * F.avg_pool2d(v["sum"] ** 2, 3, 1, padding=1, count_include_pad=True)) ** -.75
        v["pool"] = v["lrn"].mean((2, 3))
        v["ip"] = F.linear(v["pool"], p["ip.weight"], p["ip.bias"])
        return v, v["ip"]

    def loss(out, labels):
        return F.cross_entropy(out, labels)

    return shapes, (2, 7, 6), 3, forward, loss


def scored(loss):
    """A network whose loss takes the classes one by one: loss is of its outputs and the target."""
    shapes = {"conv.weight": (5, 2, 3, 3), "conv.bias": (5,), "ip.weight": (4, 5 * 4 * 3), "ip.bias": (4,)}

    def forward(p, x):
        v = {}
        v["conv"] = F.conv2d(x, p["conv.weight"], p["conv.bias"], padding=1)
        v["pool"] = F.max_pool2d(F.relu(v["conv"]), 2, 2, ceil_mode=True)
        v["ip"] = F.linear(v["pool"].flatten(1), p["ip.weight"], p["ip.bias"])
        return v, v["ip"]

    return shapes, (2, 7, 6), 4, forward, lambda out, labels: loss(out, F.one_hot(labels, 4).float()) / len(labels)


def sigmoid():
    return scored(lambda out, target: F.binary_cross_entropy_with_logits(out, target, reduction="sum"))


def hinge():
    return scored(lambda out, target: torch.clamp(1 - (2 * target - 1) * out, min=0).sum())


CLASS_WEIGHTS = [.25, 0, 3, 1.5]


def weighted():
    return scored(lambda out, target: F.cross_entropy(out, target.argmax(1), weight=torch.tensor(CLASS_WEIGHTS), reduction="sum"))


def places(weight=None):
    shapes = {"conv.weight": (5, 2, 3, 3), "conv.bias": (5,), "score.weight": (4, 5, 1, 1), "score.bias": (4,)}

    def forward(p, x):
        v = {}
        v["conv"] = F.conv2d(x, p["conv.weight"], p["conv.bias"], padding=1)
        v["score"] = F.conv2d(F.relu(v["conv"]), p["score.weight"], p["score.bias"])
        return v, v["score"]

    return shapes, (2, 7, 6), 4, forward, lambda out, labels: of_places(out, labels, weight)


def sizes():
    shapes = {
        "conv.weight": (6, 2, 3, 2), "conv.bias": (6,), "up.weight": (6, 2, 3, 4), "up.bias": (4,), "score.weight": (4, 3, 1, 1), "score.bias": (4,),
    }

    def forward(p, x):
        v = {}
        v["conv"] = F.conv2d(F.pad(x, (1, 1, 0, 1)), p["conv.weight"], p["conv.bias"], stride=(2, 1))
        v["pool"] = F.max_pool2d(v["conv"], (2, 3), (2, 1), ceil_mode=True)
        v["up"] = F.conv_transpose2d(v["pool"], p["up.weight"], p["up.bias"], stride=2, padding=1, groups=2)
        v["some"] = v["up"][:, 1:4]
        v["between"] = F.interpolate(v["some"], scale_factor=4, mode="bilinear", align_corners=False)
        v["nearest"] = F.interpolate(v["some"], scale_factor=4, mode="nearest")
        v["crop"] = (v["between"] + v["nearest"])[:, :, 2:11, 7:15]
        v["score"] = F.conv2d(v["crop"], p["score.weight"], p["score.bias"])
        return v, v["score"]

    return shapes, (2, 9, 8), 4, forward, of_places


def heads():
    """A network of two outputs: a class for each place, and classes of the whole image, one by one."""
    shapes = {"conv.weight": (5, 2, 3, 3), "conv.bias": (5,), "score.weight": (4, 5, 1, 1), "score.bias": (4,), "ip.weight": (4, 5 * 4 * 3), "ip.bias": (4,)}

    def forward(p, x):
        v = {}
        v["conv"] = F.conv2d(x, p["conv.weight"], p["conv.bias"], padding=1)
        v["score"] = F.conv2d(F.relu(v["conv"]), p["score.weight"], p["score.bias"])
        v["ip"] = F.linear(F.max_pool2d(F.relu(v["conv"]), 2, 2, ceil_mode=True).flatten(1), p["ip.weight"], p["ip.bias"])
        return v, (v["score"], v["ip"])

    def loss(out, labels):
        target = F.one_hot(labels, 4).float()
        return of_places(out[0], labels) + .5 * F.binary_cross_entropy_with_logits(out[1], target, reduction="sum") / len(labels)

    return shapes, (2, 7, 6), 4, forward, loss


def of_places(out, labels, weight=None):
    """The mean over the samples of the mean cross-entropy of the places that have a class. PyTorch's own mean of weighted ones is over the weights."""
    batch, classes, height, width = out.shape
    n, h, w = torch.meshgrid(torch.arange(batch), torch.arange(height), torch.arange(width), indexing="ij")
    truth = (n + 2 * h + h * w) % (classes + 1)  # classes is void
    if weight is None:
        return sum(F.cross_entropy(out[i:i + 1], truth[i:i + 1], ignore_index=classes) for i in range(batch)) / batch
    each = F.cross_entropy(out, truth, weight=torch.tensor(weight), ignore_index=classes, reduction="none").sum((1, 2))
    return (each / (truth != classes).sum((1, 2))).mean()


def weights(shapes):
    p = {}
    for k, (name, shape) in enumerate(shapes.items()):
        fan = math.prod(shape[1:]) if len(shape) > 1 else 10
        p[name] = fill(shape, k + 1, 1.5 / math.sqrt(fan)).requires_grad_()
    return p


def describe(net):
    shapes, input_shape, classes, forward, loss = net
    batch = 5
    x = fill((batch, *input_shape), .7, 1)
    labels = torch.tensor([i % classes for i in range(batch)])
    p = weights(shapes)
    v, out = forward(p, x)
    l = loss(out, labels)
    l.backward()
    result = {
        "loss": l.item(),
        "statistics": {k: t.tolist() for k, t in p.items() if k not in shapes},
        "values": {k: t[0].flatten()[:6].tolist() + [t.double().sum().item()] for k, t in v.items()},
        "gradients": {k: p[k].grad.flatten()[:6].tolist() + [p[k].grad.double().abs().sum().item()] for k in shapes},
        "losses": {},
    }
    decay = 5e-4
    solvers = {
        "sgd": lambda q: torch.optim.SGD(q, lr=.05, momentum=.9, weight_decay=decay),
        "nesterov": lambda q: torch.optim.SGD(q, lr=.05, momentum=.9, weight_decay=decay, nesterov=True),
        "adam": lambda q: torch.optim.Adam(q, lr=.01, betas=(.9, .999), eps=1e-8, weight_decay=decay),
        "adamw": lambda q: torch.optim.AdamW(q, lr=.01, betas=(.9, .999), eps=1e-8, weight_decay=decay),
        "adagrad": lambda q: torch.optim.Adagrad(q, lr=.05, eps=1e-8, weight_decay=decay),
        "rmsprop": lambda q: torch.optim.RMSprop(q, lr=.01, alpha=.99, eps=1e-8, weight_decay=decay),
        "adadelta": lambda q: torch.optim.Adadelta(q, lr=1, rho=.95, eps=1e-6, weight_decay=decay),
    }
    for name, make in solvers.items():
        p = weights(shapes)
        # The scale and shift of a normalisation do not decay.
        norms = [p[k] for k in shapes if k.split(".")[0] in ("norm", "b") and "b.mean" in result["statistics"]]
        others = [p[k] for k in shapes if not any(p[k] is q for q in norms)]
        solver = make([{"params": others}, {"params": norms, "weight_decay": 0}] if norms else others)
        losses = []
        for _ in range(10):
            solver.zero_grad()
            l = loss(forward(p, x)[1], labels)
            l.backward()
            solver.step()
            losses.append(l.item())
        result["losses"][name] = losses
    return result


json.dump({"format": 1, "torch": torch.__version__, "chain": describe(chain()), "branches": describe(branches()), "residual": describe(residual()),
           "sigmoid": describe(sigmoid()), "hinge": describe(hinge()), "weighted": describe(weighted()), "places": describe(places()),
           "weighted-places": describe(places(CLASS_WEIGHTS)), "sizes": describe(sizes()), "heads": describe(heads())}, open("golden.json", "w"), indent=1)
