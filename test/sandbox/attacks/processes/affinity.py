import os

from attempt import during

os.sched_setaffinity(0, range(os.cpu_count()))
try:
    os.nice(-20)
except OSError:
    pass
for _ in range(3):
    os.fork()
for _ in during(0.5):
    pass
