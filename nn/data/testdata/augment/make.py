#!/usr/bin/env python3
"""Writes golden.json: what other libraries make of a small image, for the augmentations. Turning and scaling are PyTorch's grid_sample, which
Pillow confirms where no border is near; mirroring, moving and cutting out are numpy's slices; colours are Python's colorsys. Format 1. Needs torch,
numpy and Pillow."""
import base64
import colorsys
import json
import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

torch.set_num_threads(1)
W, H = 13, 10
random = np.random.RandomState(3)
image = random.randint(0, 256, (H, W, 3)).astype(np.uint8)
image[0, :4] = [[0, 0, 0], [255, 255, 255], [90, 90, 90], [255, 0, 0]]  # greys, and a colour without white
background = random.randint(0, 256, (H, W, 3)).astype(np.uint8)


def text(a):
    return base64.b64encode(np.ascontiguousarray(a).tobytes()).decode()


def numbers(a):
    return [round(float(v), 2) for v in np.asarray(a).reshape(-1)]


def sampled(a, c):
    """The place of each pixel of the part, turned and scaled about its middle and moved, read from a with zeros around it."""
    cos, sin = math.cos(math.radians(c["degrees"])) / c["factor"], math.sin(math.radians(c["degrees"])) / c["factor"]
    w, h = c["w"], c["h"]
    middle = (2 * (c["x"] + c["dx"] + w / 2) / W - 1, 2 * (c["y"] + c["dy"] + h / 2) / H - 1)
    theta = torch.tensor([[[cos * w / W, sin * h / W, middle[0]], [-sin * w / H, cos * h / H, middle[1]]]], dtype=torch.float64)
    t = torch.tensor(a.astype(np.float64)).permute(2, 0, 1)[None]
    grid = F.affine_grid(theta, [1, t.shape[1], h, w], align_corners=False)
    return F.grid_sample(t, grid, mode="bilinear", padding_mode="zeros", align_corners=False)[0].permute(1, 2, 0).numpy()


def part(a, c):
    return a[c["y"]:c["y"] + c["h"], c["x"]:c["x"] + c["w"]]


def turned(c):
    values, inside = sampled(image, c), sampled(np.ones((H, W, 1)), c)
    pillow(c, values, inside[:, :, 0])
    if c["mirror"]:
        values, inside = values[:, ::-1], inside[:, ::-1]
    return values + (1 - inside) * part(background, c)


def pillow(c, values, inside):
    """Fails where Pillow's own way of turning says otherwise."""
    cos, sin = math.cos(math.radians(c["degrees"])) / c["factor"], math.sin(math.radians(c["degrees"])) / c["factor"]
    w, h = c["w"], c["h"]
    x, y = c["x"] + c["dx"] + w / 2, c["y"] + c["dy"] + h / 2
    matrix = (cos, sin, x - cos * w / 2 - sin * h / 2, -sin, cos, y + sin * w / 2 - cos * h / 2)
    other = np.asarray(Image.fromarray(image).transform((w, h), Image.AFFINE, matrix, Image.BILINEAR), dtype=float)
    apart = np.abs(other - values)[inside > 1 - 1e-9]
    assert apart.size and apart.max() < 1.001, (c, apart.max())  # it cuts fractions off


def moved(c):
    pad = 20
    wide = np.pad(image, ((pad, pad), (pad, pad), (0, 0)))
    there = np.pad(np.ones((H, W, 1), bool), ((pad, pad), (pad, pad), (0, 0)))
    rows = slice(pad + c["y"] + c["dy"], pad + c["y"] + c["dy"] + c["h"])
    columns = slice(pad + c["x"] + c["dx"], pad + c["x"] + c["dx"] + c["w"])
    a, there = wide[rows, columns], there[rows, columns]
    if c["mirror"]:
        a, there = a[:, ::-1], there[:, ::-1]
    return np.where(there, a, part(background, c))


def coloured(c):
    out = []
    for r, g, b in image.reshape(-1, 3) / 255:
        h, s, v = colorsys.rgb_to_hsv(r, g, b)
        out.append([255 * u for u in colorsys.hsv_to_rgb((h + c["hue"]) % 1, min(s * c["saturation"], 1), min(v * c["value"], 1))])
    return out


def case(**c):
    return {"x": 0, "y": 0, "w": W, "h": H, "dx": 0, "dy": 0, "mirror": False, "degrees": 0, "factor": 1} | c


golden = {"format": 1, "width": W, "height": H, "image": text(image), "background": text(background)}
golden["turned"] = [c | {"values": numbers(turned(c))} for c in [
    case(degrees=7), case(degrees=-30), case(degrees=90), case(degrees=180), case(factor=1.3), case(factor=.6),
    case(degrees=12.5, mirror=True), case(degrees=-100, factor=.8, mirror=True, dx=2, dy=-1), case(degrees=45, factor=1.4, dx=-3, dy=2),
    case(degrees=20, factor=.9, x=3, y=1, w=7, h=8), case(degrees=-15, factor=1.2, mirror=True, dx=1, dy=1, x=1, y=2, w=9, h=6),
]]
golden["moved"] = [c | {"pixels": text(moved(c))} for c in [
    case(), case(mirror=True), case(dx=3, dy=-2), case(dx=-4, dy=1, mirror=True), case(dx=13), case(x=2, y=3, w=8, h=5),
    case(x=5, y=4, w=8, h=6, mirror=True), case(x=5, y=0, w=8, h=6, dx=2, dy=-3, mirror=True),
]]
golden["coloured"] = [c | {"values": numbers(coloured(c))} for c in [
    {"hue": h, "saturation": s, "value": v} for h, s, v in
    [(0, 1, 1), (.13, 1, 1), (-.4, 1, 1), (.5, 1, 1), (0, .3, 1), (0, 1.8, 1), (0, 0, 1), (0, 1, .4), (0, 1, 1.7), (0, 1, 0), (-.07, 1.4, .8)]
]]
with open("golden.json", "w") as f:
    json.dump(golden, f, separators=(",", ":"))
    f.write("\n")
