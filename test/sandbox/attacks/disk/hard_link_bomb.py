import os

open("/outputs/first", "w").close()
number = 0
while True:
    os.link("/outputs/first", f"/outputs/{number}")
    number += 1
