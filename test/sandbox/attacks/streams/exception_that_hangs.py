class Hostile(Exception):
    def __str__(self):
        while True:
            pass


raise Hostile
