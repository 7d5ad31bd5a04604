import sys

sys.stdout.write("x" * (3 << 20))
