number = 0
while True:
    with open(f"/tmp/{number // 8}.bin", "ab", buffering=0) as file:
        file.write(b"x" * (1 << 20))
    number += 1
