import os

path = "/outputs"
for _ in range(6):
    path += "/" + "d" * 120
    os.mkdir(path)
    with open(path + "/file.txt", "w") as file:
        file.write("x")
with open("/outputs/" + "\u00e9" * 127, "w") as file:
    file.write("x")
