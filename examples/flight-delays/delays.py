"""Which routes are late: three million flights, counted by DuckDB without loading them into memory.

Data: `flights` (Parquet) with date, delay (minutes), distance, origin and destination.
Parameters: late_minutes (15), flights_min (1000 flights before a route counts), routes (20).
"""

import causeway


def main():
    late_minutes = int(causeway.parameters.get("late_minutes", 15))
    flights_min = int(causeway.parameters.get("flights_min", 1000))
    routes = int(causeway.parameters.get("routes", 20))

    flights = causeway.relation("flights")
    table = flights.query(
        "flights",
        f"""
        select origin, destination, count(*) as flights,
               round(avg(delay), 1) as mean_delay_minutes,
               round(100 * avg((delay > {late_minutes})::int), 1) as late_percent
          from flights
         group by origin, destination
        having count(*) >= {flights_min}
         order by late_percent desc, flights desc
         limit {routes}
        """,
    ).df()
    causeway.save(table, "late_routes.csv")
    print(table.head(5).to_string(index=False))


if __name__ == "__main__":
    main()
