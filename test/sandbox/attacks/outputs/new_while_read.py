import os

open("/outputs/first.txt", "w").close()
if os.fork() == 0:
    number = 0
    while True:
        open(f"/outputs/{number % 200:03}.txt", "w").close()
        try:
            os.remove(f"/outputs/{(number + 100) % 200:03}.txt")
        except OSError:
            pass
        number += 1
