import os

os.chdir("/outputs")
for _ in range(5):
    if os.fork() == 0:
        os.kill(os.getpid(), 11)
    os.wait()
print(os.listdir("/outputs"), os.listdir("/tmp"))
