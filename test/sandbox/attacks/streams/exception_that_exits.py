import os


class Hostile(Exception):
    def __str__(self):
        os._exit(0)


raise Hostile
