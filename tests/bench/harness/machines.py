"""What many machines would carry, from what one of them needs for a request: arithmetic only.

CPU ms for 1,000 requests are CPU µs for one, so a core carries 1,000,000 divided by that in a
second. Hosts run nginx, workers and a feed; Redis and PostgreSQL's primary have machines of their own.
"""

from harness.report import GROUPS, table

HOSTS = (1, 10, 100, 1000)
HOST_CORES = 2
PRIMARY_CORES = 32
ON_A_HOST = ("nginx", "app")
NEEDED = ("connections", "workers", "feed")
LIKE = {"connections": 64, "workers": 2}  # the point that is taken as the usual one


def costs(sweep, curve):
    """CPU µs of one request by process, at the usual point or the nearest that was measured."""
    wanted = LIKE[sweep.name]
    x = min(sweep.curves[curve], key=lambda x: abs(x - wanted))
    return {group: sweep.middle(curve, x, lambda run: run.cpu.get(group, 0)) * 1000
            for group in GROUPS}


def per_second(cores, cost):
    """How many a second so many cores can do; None: it costs too little to be measured."""
    return cores * 1e6 / cost if cost > 0 else None


def least(*rates):
    return min((rate for rate in rates if rate is not None), default=None)


def sender_costs(feed):
    """CPU µs for a change of the host's own and of another host's: walsender and larder-feed."""
    figures = feed.figures[""]
    return {
        process: {host: figures[f"a worker writes; {host}: {process}"]
                  for host in ("this host", "another host")}
        for process in ("walsender", "larder-feed")
    }


def update_rate(hosts, update, feeds):
    """Updates a second that the primary, and the feed of each host, can carry."""
    walsender, feed = feeds["walsender"], feeds["larder-feed"]
    senders = walsender["this host"] + (hosts - 1) * walsender["another host"]
    per_update = update["postgres"] + senders
    primary = per_second(PRIMARY_CORES, per_update)
    one_feed = feed["this host"] if hosts == 1 else feed["another host"]
    one_sender = walsender["this host"] if hosts == 1 else walsender["another host"]
    on_a_host = sum(update[group] for group in ON_A_HOST) + hosts * one_feed
    limits = {
        "hosts": per_second(hosts * HOST_CORES, on_a_host),
        "Redis": per_second(1, update["redis"]),
        "primary": primary,
        "feed": least(per_second(1, one_feed), per_second(1, one_sender)),
    }
    return limits, senders / per_update


def read_limits(hosts, read):
    return {
        "hosts": per_second(hosts * HOST_CORES, sum(read[group] for group in ON_A_HOST)),
        "Redis": per_second(1, read["redis"]),
    }


def first_to_give(limits):
    known = {name: rate for name, rate in limits.items() if rate is not None}
    name = min(known, key=known.get)
    return known[name], name


def thousands(rate):
    return f"{rate:,.0f}" if rate is not None else "not measurable"


def cost_table(kinds, feeds):
    lines = [[name, *(f"{found[group]:.1f}" for group in GROUPS)] for name, found in kinds.items()]
    text = table(["CPU µs of one", *GROUPS], lines)
    lines = [[process, *(f"{value:.1f}" for value in found.values())]
             for process, found in feeds.items()]
    return text + "\n\n" + table(["CPU µs of one change", "own", "another host's"], lines)


def blocks(sweeps):
    """The part of the report `machines`, if all was measured that it needs."""
    if any(name not in sweeps for name in NEEDED):
        return {}
    kinds = {
        "cached record": costs(sweeps["connections"], "cached record"),
        "cached list": costs(sweeps["connections"], "cached list"),
        "update": costs(sweeps["workers"], "update"),
    }
    feeds = sender_costs(sweeps["feed"])
    lines = []
    for hosts in HOSTS:
        reads, read_by = first_to_give(read_limits(hosts, kinds["cached record"]))
        lists = per_second(hosts * HOST_CORES, kinds["cached list"]["nginx"])
        limits, share = update_rate(hosts, kinds["update"], feeds)
        updates, update_by = first_to_give(limits)
        lines.append([f"{hosts:,}", thousands(lists), thousands(reads), read_by,
                      thousands(updates), update_by, f"{share:.0%}"])
    heads = ["hosts", "lists/s", "cached records/s", "limit", "updates/s", "limit",
             "of the primary for feeds"]
    return {"machines": cost_table(kinds, feeds) + "\n\n" + table(heads, lines)}
