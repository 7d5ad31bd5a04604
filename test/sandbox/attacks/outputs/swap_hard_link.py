import os

os.chdir("/outputs")
with open("a.txt", "w") as file:
    file.write("plain")
if os.fork() == 0:
    while True:
        os.link("a.txt", "b.txt")
        os.remove("a.txt")
        os.rename("b.txt", "a.txt")
