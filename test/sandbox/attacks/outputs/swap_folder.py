"""The same with a folder: what lies below a link to a folder of the host is no link itself."""

import os

from attempt import HOST

os.chdir("/outputs")
os.mkdir("report")
with open("report/secret.txt", "w") as file:
    file.write("plain")
os.symlink(HOST["folder"], "zz-link")
if os.fork() == 0:
    while True:
        os.rename("report", "held")
        os.rename("zz-link", "report")
        os.rename("report", "zz-link")
        os.rename("held", "report")
