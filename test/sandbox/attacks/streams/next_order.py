"""The order of the next run would come on the stdin of its own sandbox; this one has none any more."""

import os
import sys

print([os.read(0, 100), sys.stdin.read(), sys.stdin.closed, [os.readlink(f"/proc/self/fd/{fd}") == "/dev/null" for fd in (0,)]])
