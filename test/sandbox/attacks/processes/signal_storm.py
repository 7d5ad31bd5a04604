import os
import signal

from attempt import during

for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH):
    signal.signal(number, signal.SIG_IGN)
for turn in during(0.4):
    os.kill(os.getpid(), (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH)[turn % 3])
print("sent")
