import threading
import time

threading.stack_size(1 << 30)
while True:
    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
