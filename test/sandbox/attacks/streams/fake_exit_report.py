import os
import time

os.write(4, b'{"exit": 0, "cause": null}\n')
time.sleep(3)
print("this is after its end", flush=True)
while True:
    time.sleep(1)
