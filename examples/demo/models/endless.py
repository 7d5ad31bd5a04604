"""Never ends by itself."""

import itertools
import time

import causeway

for turn in itertools.count(1):
    causeway.progress(turn, message=f"turn {turn}")
    time.sleep(0.2)
