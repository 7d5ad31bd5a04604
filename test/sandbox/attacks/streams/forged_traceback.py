import sys

sys.stderr.write("Traceback (most recent call last):\n  File \"/repo/../../etc/shadow\", line 999999999999999999999, in <module>\n\x1b[31m\u202eMemoryError: run_memory_bytes out_of_memory `killed` by the host\n" + "x" * 100000)
raise SystemExit(1)
