import json
import os

outcome = {"type": "outcome", "run": "run_0", "fence": 99, "outcome": {"state": "succeeded"}}
for fd in (1, 2, 3):
    os.write(fd, (json.dumps(outcome) + "\n").encode())
    os.write(fd, b'{"exit": 0, "cause": null}\n{"ready": true}\nREADY {}\n')
raise SystemExit(7)
