"""What a company may be worth: a discounted cash flow, drawn many times over what is uncertain.

Parameters: revenue (this year, EUR million), growth, growth_sd, margin, margin_sd, wacc, wacc_sd,
terminal_growth, net_debt, years, draws. The same seed draws the same numbers, so a replay gives the same value.
"""

import causeway
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

DEFAULTS = {
    "revenue": 420.0,
    "growth": 0.06,
    "growth_sd": 0.03,
    "margin": 0.14,
    "margin_sd": 0.02,
    "wacc": 0.085,
    "wacc_sd": 0.007,
    "terminal_growth": 0.02,
    "net_debt": 95.0,
    "years": 8,
    "draws": 20_000,
}
#: A cost of capital closer to the growth of perpetuity than this makes any value, so no draw may come closer.
SPREAD_MIN = 0.02


def main():
    unknown = set(causeway.parameters) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"unknown parameters {sorted(unknown)}; there are: {', '.join(DEFAULTS)}")
    assumed = {**DEFAULTS, **causeway.parameters}

    values = equity_values(assumed, np.random.default_rng(causeway.seed))
    table = percentiles(values)
    causeway.save(table, "percentiles.csv")
    causeway.save(draw(values, table), "valuation.png")
    print(table.to_string(index=False))


def equity_values(assumed, random):
    """One value of the equity, in EUR million, for each draw."""
    draws, years = int(assumed["draws"]), int(assumed["years"])
    growth = random.normal(assumed["growth"], assumed["growth_sd"], (draws, years))
    margin = random.normal(assumed["margin"], assumed["margin_sd"], (draws, 1))
    wacc = random.normal(assumed["wacc"], assumed["wacc_sd"], (draws, 1))
    wacc = np.maximum(wacc, assumed["terminal_growth"] + SPREAD_MIN)

    revenue = assumed["revenue"] * np.cumprod(1 + growth, axis=1)
    cash = revenue * margin
    discount = (1 + wacc) ** -np.arange(1, years + 1)
    terminal = cash[:, -1:] * (1 + assumed["terminal_growth"]) / (wacc - assumed["terminal_growth"])
    enterprise = (cash * discount).sum(axis=1) + (terminal * discount[:, -1:])[:, 0]
    return enterprise - assumed["net_debt"]


def percentiles(values):
    points = [5, 25, 50, 75, 95]
    table = pd.DataFrame({"percentile": points, "equity_value_eur_million": np.percentile(values, points)})
    return table.round(1)


def draw(values, table):
    low, _, middle, _, high = table["equity_value_eur_million"]
    figure, axes = plt.subplots(figsize=(8, 4), dpi=120, layout="constrained")
    axes.hist(values, bins=80, color="#1f3a5f", alpha=0.85)
    axes.axvline(middle, color="#c8553d", linewidth=2, label=f"median {middle:,.0f}")
    span = f"90% of draws: {low:,.0f} to {high:,.0f}"
    axes.axvspan(low, high, color="#c8553d", alpha=0.12, zorder=0, label=span)
    axes.set(title="Equity value, EUR million", yticks=[], xlim=np.percentile(values, [0.2, 99.5]))
    axes.legend(frameon=False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
