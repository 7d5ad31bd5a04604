import os

from attempt import HOST, attempt

attempt("remove /outputs", lambda: os.rmdir("/outputs"))
attempt("rename /outputs", lambda: os.rename("/outputs", "/tmp/outputs"))
attempt("rename over /outputs", lambda: (os.mkdir("/tmp/other"), os.rename("/tmp/other", "/outputs")))
attempt("a link in its place", lambda: os.symlink(HOST["folder"], "/outputs"))
attempt("exchange with /tmp", lambda: os.rename("/tmp", "/outputs"))
