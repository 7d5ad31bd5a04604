import os

from attempt import only

ALLOWED = {"CAUSEWAY_PROGRESS_FD", "CAUSEWAY_SEED", "OMP_NUM_THREADS", "PYTHONHASHSEED", "SOURCE_DATE_EPOCH", "PATH", "HOME", "LANG", "LC_ALL", "TZ", "MPLCONFIGDIR", "MPLBACKEND", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONNOUSERSITE", "HOSTNAME"}
for pid in [each for each in os.listdir("/proc") if each.isdigit()]:
    names = [entry.split("=")[0] for entry in open(f"/proc/{pid}/environ").read().split("\0") if entry]
    only(f"a variable of {pid}", [name for name in names if name not in ALLOWED])
