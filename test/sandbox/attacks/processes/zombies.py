import os

children = 0
try:
    while children < 2000:
        if os.fork() == 0:
            os._exit(0)
        children += 1
except OSError as error:
    print("no more children after", children, error)
