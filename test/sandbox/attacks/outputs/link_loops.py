import os

os.chdir("/outputs")
os.symlink("loop", "loop")
os.symlink("b", "a")
os.symlink("a", "b")
os.symlink(".", "here")
os.symlink("..", "up")
os.mkdir("folder")
os.symlink("../folder", "folder/again")
with open("folder/kept.txt", "w") as file:
    file.write("kept")
