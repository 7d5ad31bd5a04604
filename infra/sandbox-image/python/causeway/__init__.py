"""What a model needs of the platform it runs on.

    import causeway

    growth = causeway.parameters.get("growth", 0.02)
    sales = causeway.data("sales")                 # a pandas DataFrame
    causeway.progress(1, 3, "loaded")
    causeway.save(sales.describe(), "summary.csv")

Importing this module imports nothing else; pandas, DuckDB and Polars are imported by the call that needs them.
"""

__all__ = [
    "data",
    "data_path",
    "output",
    "parameters",
    "progress",
    "relation",
    "save",
    "scan",
    "seed",
]

#: The run's parameters, a dict. Read from /inputs/parameters.json at the first use; empty where the run has none.
parameters: dict

#: The run's seed, an int: `numpy.random.default_rng(causeway.seed)` draws the same numbers when the run is replayed.
seed: int


def __getattr__(name):
    if name == "parameters":
        from ._inputs import read_parameters

        value = read_parameters()
    elif name == "seed":
        from ._inputs import read_seed

        value = read_seed()
    else:
        raise AttributeError(f"module 'causeway' has no attribute {name!r}; it has: {', '.join(__all__)}")
    globals()[name] = value
    return value


def data_path(name):
    """The path of a data source's file, for example '/data/sales/data.csv'."""
    from ._data import find_file

    return find_file(name)


def data(name, **options):
    """A data source as a pandas DataFrame. `options` go to pandas' reader, for example `parse_dates=["date"]`."""
    from ._data import read_pandas

    return read_pandas(name, options)


def relation(name):
    """A data source as a DuckDB relation, which reads only what a query needs: `relation("sales").filter("eur > 0").df()`."""
    from ._data import read_duckdb

    return read_duckdb(name)


def scan(name):
    """A data source as a Polars LazyFrame: `scan("sales").filter(pl.col("eur") > 0).collect()`."""
    from ._data import scan_polars

    return scan_polars(name)


def output(name):
    """The path at which to write an output of this run, for example `output("charts/revenue.png")`."""
    from ._outputs import output_path

    return output_path(name)


def save(value, name):
    """Writes a table or a figure as an output and returns its path.

    The ending of `name` decides the format: .csv .tsv .jsonl .json .parquet .xlsx for a table of pandas, Polars, PyArrow or
    DuckDB; .png .svg .pdf for a matplotlib figure. An index that is not just row numbers is kept as columns.
    """
    from ._outputs import save_value

    return save_value(value, name)


def progress(done, total=None, message=""):
    """Tells whoever waits for this run how far it is: `progress(3, 12, "March")`. Costs one small write."""
    from ._progress import report

    report(done, total, message)
