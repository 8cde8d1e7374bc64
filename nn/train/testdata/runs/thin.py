#!/usr/bin/env python3
"""Packs what a run told for the tests: thin.py RUN OUT. Of more than 600 steps the extremes of equal stretches are kept, as the window does; folders and devices are left out."""
import gzip
import json
import sys

run, out = sys.argv[1:]
lines = [json.loads(line) for line in open(f"{run}/events.jsonl")]
steps = [l for l in lines if l["event"] == "step"]
group = max(1, len(steps) // 300)
kept = set()
for i in range(0, len(steps), group):
    part = steps[i:i + group]
    key = lambda l: l.get("loss", float("inf"))
    kept |= {min(part, key=key)["iteration"], max(part, key=key)["iteration"]}
info = json.load(open(f"{run}/run.json"))
spec = json.load(open(f"{run}/network.json"))
head = {"classes": spec["classes"], "epochs": info["config"]["epochs"], "state": info["state"]}


def clean(l):
    l = {k: v for k, v in l.items() if k not in ("path", "device", "threads", "images_per_second", "seconds")}
    return {k: float(f"{v:.5g}") if isinstance(v, float) else v for k, v in l.items()}


with gzip.GzipFile(out, "wb", mtime=0) as f:
    f.write((json.dumps(head) + "\n").encode())
    for l in lines:
        if l["event"] == "step" and l["iteration"] not in kept or l["event"] == "snapshot":
            continue
        f.write((json.dumps(clean(l), separators=(",", ":")) + "\n").encode())
