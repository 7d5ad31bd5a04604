"""Twelve months of revenue for each product: the last year's run rate, its own seasons, and three assumptions.

Data: `sales` with month, product, units and revenue_eur, two whole years or more.
Parameters: growth (a year, 0.05), seasonality (1.0 as in the past, 0 none), price (changes by product,
{"Aurora": 0.03}).
"""

import causeway
import pandas as pd

MONTHS = 12


def main():
    growth = float(causeway.parameters.get("growth", 0.05))
    seasonality = float(causeway.parameters.get("seasonality", 1.0))
    price = causeway.parameters.get("price", {})

    sales = causeway.data("sales", parse_dates=["month"])
    unknown = set(price) - set(sales["product"])
    if unknown:
        raise ValueError(f"price names no product of the data: {sorted(unknown)}")

    history = sales.pivot_table(index="month", columns="product", values="revenue_eur", aggfunc="sum")
    forecast = forecast_revenue(history, growth, seasonality, pd.Series(price, dtype=float))
    summary = compare(history, forecast)

    causeway.save(forecast.round(2), "forecast.csv")
    causeway.save(summary, "summary.csv")
    print(summary.to_string(index=False))


def forecast_revenue(history, growth, seasonality, price):
    """Revenue by month and product for the twelve months after `history`."""
    months = pd.date_range(history.index[-1], periods=MONTHS + 1, freq="MS", name="month")[1:]
    run_rate = history.tail(MONTHS).mean()
    # The middle of the last year lies 6.5 months before the first month to come.
    years_ahead = (pd.Series(range(MONTHS), index=months) + (MONTHS + 1) / 2) / MONTHS
    level = pd.DataFrame({product: rate * (1 + growth) ** years_ahead for product, rate in run_rate.items()})
    shape = 1 + seasonality * (seasons(history).reindex(months.month).set_axis(months) - 1)
    return level * shape * (1 + price.reindex(level.columns).fillna(0.0))


def seasons(history):
    """How each calendar month compares with its year: 1.1 is ten percent above."""
    yearly = history.groupby(history.index.year).transform("mean")
    return (history / yearly).groupby(history.index.month).mean()


def compare(history, forecast):
    last, following = history.tail(MONTHS).sum(), forecast.sum()
    summary = pd.DataFrame({"last_12_months_eur": last, "next_12_months_eur": following})
    summary.loc["Total"] = summary.sum()
    summary["change_percent"] = (summary["next_12_months_eur"] / summary["last_12_months_eur"] - 1) * 100
    return summary.round(2).rename_axis("product").reset_index()


if __name__ == "__main__":
    main()
