import os

number = 0
while True:
    os.mkdir(f"/outputs/{number}")
    number += 1
