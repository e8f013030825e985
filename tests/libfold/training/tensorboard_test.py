"""Reads the event files of a folder as TensorBoard does, and checks that they hold these points and no others.

usage: tensorboard_test.py FOLDER TAG:STEP=VALUE,STEP=VALUE ...
"""

import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def parse(argument):
    tag, points = argument.split(":")
    return tag, [(int(step), float(value)) for step, value in (point.split("=") for point in points.split(","))]


expected = dict(parse(argument) for argument in sys.argv[2:])
events = EventAccumulator(sys.argv[1])
events.Reload()
found = {tag: [(point.step, point.value) for point in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
assert events.file_version == 2, events.file_version
assert found == expected, f"got {found}, expected {expected}"
print("ok")
