"""What the machine is, and what its processes use, from /proc."""

import collections
import os
import platform
import resource
import subprocess

TICKS = os.sysconf("SC_CLK_TCK")

Process = collections.namedtuple("Process", "parent cpu title")


def processes():
    """Every process: id -> Process. cpu: seconds, those of ended children that were waited for
    included, so that a backend that has left is not lost."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="latin-1") as file:
                fields = file.read().rpartition(")")[2].split()
            with open(f"/proc/{entry}/cmdline", encoding="latin-1") as file:
                title = file.read()
        except OSError:
            continue
        cpu = sum(map(int, fields[11:15])) / TICKS
        found[int(entry)] = Process(int(fields[1]), cpu, title)
    return found


def tree(root, everything):
    """The ids of a process and all its descendants."""
    children = collections.defaultdict(list)
    for pid, process in everything.items():
        children[process.parent].append(pid)
    found, pending = [], [root]
    while pending:
        pid = pending.pop()
        if pid in everything:
            found.append(pid)
            pending += children[pid]
    return found


def cpu_by_group(groups):
    """CPU seconds of process trees. groups: root id -> name. What PostgreSQL does to feed
    larder-feed counts as the feed's."""
    everything = processes()
    used = collections.Counter({name: 0.0 for name in groups.values()})
    for root, name in groups.items():
        for pid in tree(root, everything):
            group = "feed" if "walsender" in everything[pid].title else name
            used[group] += everything[pid].cpu
    return used


def machine_cpu():
    """CPU seconds that the whole machine has been busy, what its host took away included."""
    with open("/proc/stat") as file:
        user, nice, system, _idle, _wait, irq, soft, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + soft + steal) / TICKS


def own_cpu():
    """CPU seconds of this program and of the load generators that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def memory(pid):
    """Memory of a process in MiB: resident now, its peak, and the share that is its own alone."""
    kib = {}
    for name in ("status", "smaps_rollup"):
        with open(f"/proc/{pid}/{name}") as file:
            for line in file:
                key, _, rest = line.partition(":")
                if rest.endswith(" kB\n"):
                    kib[key] = int(rest.split()[0])
    private = kib["Private_Clean"] + kib["Private_Dirty"]
    return {"rss": kib["VmRSS"] / 1024, "peak": kib["VmHWM"] / 1024, "private": private / 1024}


def reset_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


def first_line(*command):
    """Of what a program prints; None if it is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return (done.stdout or done.stderr).partition("\n")[0]


def describe():
    """The machine, for the report: name -> text."""
    model = "unknown"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    with open("/proc/meminfo") as file:
        total = int(file.readline().split()[1]) / 1024 / 1024
    release = platform.freedesktop_os_release()["PRETTY_NAME"]
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "memory": f"{total:.0f} GiB",
        "system": f"{release}, Linux {platform.release()}",
        "load": " ".join(f"{value:.2f}" for value in os.getloadavg()),
    }
