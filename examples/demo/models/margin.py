"""Margin by product. It has a bug, so that the demo can show how one reaches the agent."""

import causeway

UNIT_COSTS = {"Aurora": 31.0, "Borealis": 112.0, "Cirrus": 640.0}


def margin_by_product(sales):
    totals = sales.groupby("product")[["units", "revenue"]].sum()
    totals["cost_eur"] = totals["units"] * totals.index.map(UNIT_COSTS)
    totals["margin_percent"] = 100 * (1 - totals["cost_eur"] / totals["revenue_eur"])
    return totals.round(1).reset_index()


table = margin_by_product(causeway.data("sales"))
causeway.save(table, "margin.csv")
print(table.to_string(index=False))
