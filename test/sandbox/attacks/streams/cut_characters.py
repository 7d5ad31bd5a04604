import sys

sys.stdout.write("x" + "\U0001f40d" * (1 << 19))
sys.stderr.write("xx" + "\u20ac" * (1 << 12))
