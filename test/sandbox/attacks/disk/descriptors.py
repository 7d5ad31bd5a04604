import os

held = 0
try:
    while True:
        os.open("/dev/null", os.O_RDONLY)
        held += 1
except OSError as error:
    print("no more after", held, error)
