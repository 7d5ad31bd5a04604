"""One column while the data passes: its type so far, what is missing, its least and greatest value."""

from cells import bound, shown


class Batch:
    """What some values of a column are together; `note` says why text looks like something else."""

    def __init__(self, kind, least=None, greatest=None, note=None):
        self.kind = kind
        self.least = least
        self.greatest = greatest
        self.note = note


class Column:
    def __init__(self, name, catch_all="text"):
        self.name = name
        self.kind = None
        self.present = 0
        self.least = None
        self.greatest = None
        self.note = None
        #: The type of a column whose values have nothing in common.
        self.catch_all = catch_all

    def add(self, batch):
        """Widens the column by a batch of values that are not missing."""
        self.note = self.note or batch.note
        if self.kind is None or self.kind == batch.kind:
            self.kind = batch.kind
        elif {self.kind, batch.kind} == {"integer", "number"}:
            self.kind = "number"
        else:
            self.kind = self.catch_all
        if self.kind == self.catch_all or batch.least is None:
            self.least = self.greatest = None
        elif self.least is None:
            self.least, self.greatest = batch.least, batch.greatest
        else:
            self.stretch(batch)

    def stretch(self, batch):
        try:
            self.least, self.greatest = min(self.least, batch.least), max(self.greatest, batch.greatest)
        except TypeError:  # Times with and without a zone have no order between them.
            self.kind, self.least, self.greatest = self.catch_all, None, None

    def described(self, row_count):
        description = {"name": self.name, "type": self.kind or "empty", "nulls": row_count - self.present}
        if self.least is not None:
            description["min"] = bound(self.least)
            description["max"] = bound(self.greatest)
        if self.note is not None and self.kind in ("text", "mixed"):
            description["note"] = self.note | ({"cell": shown(self.note["cell"])} if "cell" in self.note else {})
        return description
