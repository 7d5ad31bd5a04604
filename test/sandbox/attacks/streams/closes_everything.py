import os

print("last words", flush=True)
os.closerange(0, 64)
