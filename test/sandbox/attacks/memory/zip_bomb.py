import zlib

small = zlib.compress(b"\0" * (1 << 20), 9)
held = []
while True:
    held.append(zlib.decompress(small) + b"\1")
