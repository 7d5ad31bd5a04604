import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            with open("/outputs/alive.txt", "a") as file:
                file.write("still here\n")
            time.sleep(0.001)
    os._exit(0)
while not os.path.exists("/outputs/alive.txt"):
    time.sleep(0.01)
print("the first process ends")
