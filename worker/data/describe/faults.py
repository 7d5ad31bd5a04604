"""What is wrong with data, as data: worker/data/explain-fault.ts turns a reason into a sentence and a remedy."""

COLUMNS_MAX = 2_000
COLUMNS_DESCRIBED_MAX = 200
COLUMNS_SAMPLED_MAX = 50
SAMPLE_ROWS = 5
CELL_CHARS_SHOWN = 80
NAME_CHARS_MAX = 200
CELL_BYTES_MAX = 1 << 20
LINE_BYTES_MAX = 8 << 20


class Fault(Exception):
    """A reason why the data cannot be taken, with what a reader needs to find the place."""

    def __init__(self, reason, **place):
        super().__init__(reason)
        self.reason = reason
        self.place = place
