import sys

sys.stderr.write('Traceback (most recent call last):\n  File "/repo/main.py", line 999999999999999999999, in <module>\nValueError: x\n')
raise SystemExit(1)
