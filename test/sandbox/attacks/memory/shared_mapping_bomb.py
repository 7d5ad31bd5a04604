import mmap

held = []
while True:
    page = mmap.mmap(-1, 8 << 20)
    page.write(b"x" * (8 << 20))
    held.append(page)
