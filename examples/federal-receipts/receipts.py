"""Where a government's income comes from: receipts by source over decades, and how fast each has grown.

Data: `budget`, a row for each account: "Source category name" and one column a year, amounts as text in thousands
of dollars ("1,234"). Parameters: first (1975), last (2015), sources (6).
"""

import causeway
import matplotlib.pyplot as plt
import pandas as pd


def main():
    first = int(causeway.parameters.get("first", 1975))
    last = int(causeway.parameters.get("last", 2015))
    sources = int(causeway.parameters.get("sources", 6))

    receipts = receipts_by_source(causeway.data("budget", dtype=False), first, last)
    largest = receipts.loc[last].nlargest(sources).index
    table = growth(receipts[largest], first, last)

    causeway.save(receipts[largest].round(1), "receipts.csv")
    causeway.save(table, "growth.csv")
    causeway.save(draw(receipts[largest]), "receipts.png")
    print(table.to_string(index=False))


def receipts_by_source(accounts, first, last):
    """Billions of dollars: a row a year, a column a source."""
    years = [str(year) for year in range(first, last + 1)]
    missing = [year for year in years if year not in accounts.columns]
    if missing:
        raise ValueError(f"the data has no column for {', '.join(missing)}")
    amounts = accounts[years].apply(lambda column: pd.to_numeric(column.astype(str).str.replace(",", "")))
    by_source = amounts.groupby(accounts["Source category name"]).sum().T / 1_000_000
    by_source.index = by_source.index.astype(int).rename("year")
    return by_source


def growth(receipts, first, last):
    table = pd.DataFrame({f"billion_{first}": receipts.loc[first], f"billion_{last}": receipts.loc[last]})
    yearly = (receipts.loc[last] / receipts.loc[first]) ** (1 / (last - first))
    table["growth_percent_a_year"] = (yearly - 1) * 100
    return table.round(1).rename_axis("source").reset_index()


def draw(receipts):
    figure, axes = plt.subplots(figsize=(8, 4), dpi=120, layout="constrained")
    axes.stackplot(receipts.index, receipts.T.clip(lower=0), labels=receipts.columns)
    axes.set(title="Federal receipts by source", ylabel="billion dollars")
    axes.legend(frameon=False, fontsize="small", loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
