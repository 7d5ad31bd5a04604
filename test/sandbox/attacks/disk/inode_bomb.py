number = 0
while True:
    open(f"/outputs/{number}", "w").close()
    number += 1
