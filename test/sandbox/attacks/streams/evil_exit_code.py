class Evil(int):
    def __and__(self, other):
        raise KeyboardInterrupt

    def __eq__(self, other):
        raise SystemError


raise SystemExit(Evil(9))
