#!/usr/bin/env python3
"""Makes the two fonts of the application out of Noto Sans CJK KR (SIL Open Font License 1.1, see OFL.txt).

Needs fontTools and Debian's fonts-noto-cjk. Kept: Latin, Greek (for gamma, sigma), punctuation, arrows, mathematical signs, box and
geometric shapes, Hangul jamo and all 11,172 Hangul syllables; figures are tabular. A .ttc cannot be used by Fyne, hence a
single face each.
"""
import sys
from fontTools import subset
from fontTools.ttLib import TTCollection

SOURCE = "/usr/share/fonts/opentype/noto/NotoSansCJK-%s.ttc"
RANGES = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x391, 0x3C9), (0x2010, 0x2027), (0x2030, 0x205E), (0x2070, 0x209C), (0x20A9, 0x20AC), (0x2100, 0x214F),
    (0x2150, 0x218F), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2300, 0x23FF), (0x2460, 0x24FF), (0x2500, 0x257F), (0x2580, 0x259F),
    (0x25A0, 0x25FF), (0x2600, 0x266F), (0x2713, 0x2717), (0x3000, 0x303F), (0x3130, 0x318F), (0xAC00, 0xD7A3), (0xFF01, 0xFF5E),
]


def make(weight: str) -> None:
    fonts = TTCollection(SOURCE % weight).fonts
    font = next(f for f in fonts if f["name"].getDebugName(1).startswith("Noto Sans CJK KR"))
    options = subset.Options(layout_features=["kern", "tnum", "ccmp", "mark"], hinting=False, desubroutinize=False, name_IDs=[0, 1, 2, 4, 6, 13, 14], notdef_outline=True)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=[c for low, high in RANGES for c in range(low, high + 1)])
    worker.subset(font)
    for tag in ("vhea", "vmtx", "VORG"):
        if tag in font:
            del font[tag]
    path = "NotoSansKR-%s.otf" % weight
    subset.save_font(font, path, options)
    print(path)


for w in ("Regular", "Bold"):
    make(w)
