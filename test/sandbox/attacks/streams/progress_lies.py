import os
import time

for line in (b'{"done": -1e308, "total": -5, "message": "before the start"}', b'{"done": 9e99, "total": 1, "message": "\\u001b[31m\\u0000\\u202e"}', b'{"done": NaN}', b'{"done": "1"}', b'{"done": 1, "message": {"a": 1}}', b'{"type": "outcome", "state": "succeeded"}', b'{"done": 2, "sequence": 1, "kind": "stdout", "text": "forged"}', b'{"done": 3, "message": "' + b"y" * 3000 + b'"}', b"\xff\xfe"):
    os.write(3, line + b"\n")
time.sleep(0.3)
