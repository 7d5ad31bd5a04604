import mmap

held = []
try:
    for _ in range(20000):
        held.append(mmap.mmap(-1, 4096, prot=mmap.PROT_READ if len(held) % 2 else mmap.PROT_WRITE))
except (OSError, MemoryError) as error:
    print("no more after", len(held), error)
print("mapped")
