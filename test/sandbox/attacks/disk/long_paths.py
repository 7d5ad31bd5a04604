import os

for folder in ("/outputs", "/tmp"):
    os.chdir(folder)
    try:
        for _ in range(60):
            os.mkdir("d" * 250)
            os.chdir("d" * 250)
            open("f" * 250, "w").close()
    except OSError as error:
        print(error.strerror)
