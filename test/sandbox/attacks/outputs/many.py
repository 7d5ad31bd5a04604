for number in range(300):
    with open(f"/outputs/{number:04}.txt", "w") as file:
        file.write(str(number))
