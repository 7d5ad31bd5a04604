"""Where employment goes: a damped trend with its uncertainty, fitted to monthly counts.

Data: `employment`, a column `month` and one column for each series, in thousands of people.
Parameters: series (nonfarm), months (12 ahead), since (a date, to leave older months out).
"""

import causeway
import matplotlib.pyplot as plt
import pandas as pd
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

COVERED = 0.8


def main():
    series = causeway.parameters.get("series", "nonfarm")
    months = int(causeway.parameters.get("months", 12))
    since = causeway.parameters.get("since")

    table = causeway.data("employment", parse_dates=["month"]).set_index("month")
    if series not in table.columns:
        raise ValueError(f"there is no series {series!r}; there are: {', '.join(table.columns)}")
    people = table[series].astype(float).asfreq("MS").loc[since:]

    causeway.progress(1, 3, "fitting")
    forecast = forecast_people(people, months)
    causeway.progress(2, 3, "drawing")
    causeway.save(forecast.round(1), "forecast.csv")
    causeway.save(draw(people, forecast, series), "trend.png")
    causeway.progress(3, 3, "done")

    last, final = people.iloc[-1], forecast["expected"].iloc[-1]
    print(f"{series}: {last:,.0f} thousand in {people.index[-1]:%B %Y},")
    print(f"{final:,.0f} thousand expected {months} months later ({final / last - 1:+.1%})")


def forecast_people(people, months):
    """Expected counts with an interval that covers four of five cases, by month."""
    fitted = ETSModel(people, error="add", trend="add", damped_trend=True).fit(disp=False)
    predicted = fitted.get_prediction(start=len(people), end=len(people) + months - 1)
    table = predicted.summary_frame(alpha=1 - COVERED)
    forecast = pd.DataFrame({"expected": table["mean"], "low": table["pi_lower"], "high": table["pi_upper"]})
    return forecast.rename_axis("month")


def draw(people, forecast, series):
    figure, axes = plt.subplots(figsize=(8, 4), dpi=120, layout="constrained")
    axes.plot(people.index, people / 1000, color="#1f3a5f", label="counted")
    axes.plot(forecast.index, forecast["expected"] / 1000, color="#c8553d", label="expected")
    low, high = forecast["low"] / 1000, forecast["high"] / 1000
    axes.fill_between(forecast.index, low, high, color="#c8553d", alpha=0.2, label=f"{COVERED:.0%} of cases")
    axes.set(title=f"Employment: {series.replace('_', ' ')}", ylabel="million people")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
