import os

os.chdir("/outputs")
depth = 0
try:
    for depth in range(4000):
        os.mkdir("d")
        os.chdir("d")
        if depth % 3 == 0:
            open("file.txt", "w").write("deep")
except OSError as error:
    print("stopped at", depth, error)
