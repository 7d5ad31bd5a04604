import threading

from attempt import during

locks = [threading.Lock() for _ in range(8)]


def fight(first):
    for turn in during(0.3):
        with locks[(first + turn) % 8]:
            pass


threads = [threading.Thread(target=fight, args=(number,)) for number in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("fought")
