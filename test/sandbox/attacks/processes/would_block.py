"""EAGAIN is what a refused fork says as well; here nothing was refused a process."""

import os

reading, _ = os.pipe()
os.set_blocking(reading, False)
os.read(reading, 1)
