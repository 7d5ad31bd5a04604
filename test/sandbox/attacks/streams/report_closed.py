import os

os.close(4)
raise SystemExit(6)
