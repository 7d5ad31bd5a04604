import os

found = [path for folder in ("/tmp", "/outputs", "/dev/shm", "/repo", "/data", "/inputs") for path in os.listdir(folder)]
print(found, "TRACE" in os.environ, open("/proc/net/unix").read())
print([each for each in os.listdir("/proc") if each.isdigit()])
