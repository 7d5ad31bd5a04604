from attempt import attempt, call

for ring in (-1, -2, -3, -4, -5):
    attempt(f"add to {ring}", lambda: call(248, b"user", b"mallory", b"secret", 6, ring))
    attempt(f"ask {ring}", lambda: call(249, b"user", b"mallory", 0, ring))
for command in range(0, 32):
    attempt(f"keyctl {command}", lambda: call(250, command, -4, 0, 0, 0))
