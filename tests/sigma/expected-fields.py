"""Writes expected-fields.csv: what pySigma (PyPI, 2.0.1) reads of each rule's fields. Usage: expected-fields.py FOLDER..."""

import glob
import sys

from sigma.collection import SigmaCollection
from sigma.rule import SigmaDetection


def fields(detection, found):
    for item in detection.detection_items:
        if isinstance(item, SigmaDetection):
            fields(item, found)
        elif item.field is not None:
            found.add(item.field)


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value & 0xFFFFFFFF


rows = []
for folder in sys.argv[1:]:
    for path in glob.glob(f"{folder}/**/*.yml", recursive=True):
        with open(path, encoding="utf-8") as file:
            for rule in SigmaCollection.from_yaml(file.read()).rules:
                found = set()
                for detection in rule.detection.detections.values():
                    fields(detection, found)
                rows.append(f"{rule.id},{len(found)},{fnv1a(chr(0x1F).join(sorted(found))):08x}")
print("rule,fields,fnv1a_of_names")
print("\n".join(sorted(rows)))
