import os
import sys

os.execv(sys.executable, [sys.executable, "/repo/main.py"])
