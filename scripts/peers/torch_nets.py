#!/usr/bin/python3
"""How fast PyTorch trains and runs a standard network on this processor, as a line of JSON; with --onnx the network is also written to a file.

Needs Debian's python3-torch. Usage: torch_nets.py NET BATCH [--seconds S] [--threads N] [--onnx FILE]
"""
import argparse, json, os, resource, time, warnings

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)  # the peer runs at its best
warnings.filterwarnings("ignore")
import torch
import torch.nn as nn
import torch.nn.functional as F


def conv(cin, cout, kernel, **more):
    return [nn.Conv2d(cin, cout, kernel, **more), nn.ReLU()]


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10))


def cifar_quick():
    return nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.ReLU(),
        *conv(32, 32, 5, padding=2), nn.AvgPool2d(3, 2, ceil_mode=True),
        *conv(32, 64, 5, padding=2), nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Flatten(), nn.Linear(1024, 64), nn.Linear(64, 10))


def alexnet():
    return nn.Sequential(
        *conv(3, 96, 11, stride=4), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        *conv(96, 256, 5, padding=2, groups=2), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        *conv(256, 384, 3, padding=1), *conv(384, 384, 3, padding=1, groups=2), *conv(384, 256, 3, padding=1, groups=2),
        nn.MaxPool2d(3, 2), nn.Flatten(),
        nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 1000))


class Inception(nn.Module):
    def __init__(self, cin, one, reduce3, three, reduce5, five, pool):
        super().__init__()
        self.branches = nn.ModuleList([
            nn.Sequential(*conv(cin, one, 1)),
            nn.Sequential(*conv(cin, reduce3, 1), *conv(reduce3, three, 3, padding=1)),
            nn.Sequential(*conv(cin, reduce5, 1), *conv(reduce5, five, 5, padding=2)),
            nn.Sequential(nn.MaxPool2d(3, 1, padding=1), *conv(cin, pool, 1))])

    def forward(self, x):
        return torch.cat([b(x) for b in self.branches], 1)


def googlenet():  # without the auxiliary losses, which ours has in training
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
    return nn.Sequential(
        *conv(3, 64, 7, stride=2, padding=3), pool(), nn.LocalResponseNorm(5),
        *conv(64, 64, 1), *conv(64, 192, 3, padding=1), nn.LocalResponseNorm(5), pool(),
        Inception(192, 64, 96, 128, 16, 32, 32), Inception(256, 128, 128, 192, 32, 96, 64), pool(),
        Inception(480, 192, 96, 208, 16, 48, 64), Inception(512, 160, 112, 224, 24, 64, 64), Inception(512, 128, 128, 256, 24, 64, 64),
        Inception(512, 112, 144, 288, 32, 64, 64), Inception(528, 256, 160, 320, 32, 128, 128), pool(),
        Inception(832, 256, 160, 320, 32, 128, 128), Inception(832, 384, 192, 384, 48, 128, 128),
        nn.AvgPool2d(7), nn.Dropout(.4), nn.Flatten(), nn.Linear(1024, 1000))


NETS = {  # name: constructor, shape of an image, classes
    "lenet": (lenet, (1, 28, 28), 10),
    "cifar-quick": (cifar_quick, (3, 32, 32), 10),
    "alexnet": (alexnet, (3, 227, 227), 1000),
    "googlenet": (googlenet, (3, 224, 224), 1000),
}


def rate(step, batch, seconds):
    """Images a second: the median step of about so many seconds, after two to warm up."""
    for _ in range(2):
        step()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return batch / sorted(times)[len(times) // 2]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("net", choices=list(NETS))
    ap.add_argument("batch", type=int)
    ap.add_argument("--seconds", type=float, default=3)
    ap.add_argument("--threads", type=int, default=os.cpu_count())
    ap.add_argument("--onnx")
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    make, shape, classes = NETS[a.net]
    net = make()
    if a.onnx:
        net.eval()
        torch.onnx.export(net, torch.rand(1, *shape), a.onnx, input_names=["data"], output_names=["prob"],
                          dynamic_axes={"data": {0: "n"}, "prob": {0: "n"}}, opset_version=13)
        return
    solver = torch.optim.SGD(net.parameters(), lr=.001, momentum=.9, weight_decay=5e-4)
    x, y = torch.rand(a.batch, *shape), torch.randint(0, classes, (a.batch,))

    def step():
        solver.zero_grad()
        F.cross_entropy(net(x), y).backward()
        solver.step()

    trained = rate(step, a.batch, a.seconds)
    net.eval()
    with torch.no_grad():
        used = rate(lambda: net(x), a.batch, a.seconds)
    print(json.dumps({"train_img_s": trained, "infer_img_s": used, "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


main()
