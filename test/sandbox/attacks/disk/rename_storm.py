import os

from attempt import during

for folder in ("/outputs", "/tmp"):
    os.makedirs(f"{folder}/a/b", exist_ok=True)
    open(f"{folder}/a/file", "w").close()
    for _ in during(0.2):
        os.rename(f"{folder}/a", f"{folder}/c")
        os.rename(f"{folder}/c", f"{folder}/a")
print("renamed")
