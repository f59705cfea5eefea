"""A cyclic exchange as field buses have it: cyclic.py INTERFACE PEER [CYCLES [PERIOD-IN-MS]].

Sends a frame each cycle, reads the answer, and prints what the round trip and the jitter of the
sending times were. Needs a rule with the EtherType ethercat and the rights read and write.
"""

import struct
import sys
import time

import ndisprot


def exchange(interface, peer, cycles=1000, period_ms=1.0):
    """(round trips in ns, lateness of each cycle in ns, cycles without an answer)."""
    period, trips, lateness, missed = int(period_ms * 1e6), [], [], 0
    with ndisprot.open(interface, "ethercat") as port:
        start = time.monotonic_ns() + period
        for cycle in range(cycles):
            due = start + cycle * period
            if (left := due - time.monotonic_ns()) > 0:
                time.sleep(left / 1e9)
            sent = time.monotonic_ns()
            lateness.append(sent - due)
            body = struct.pack("<Q", cycle).ljust(46, b"\0")
            port.write(peer + port.address + b"\x88\xa4" + body)
            # An answer that is late is passed over by its number in a later cycle.
            deadline = due + period if cycle + 1 < cycles else due + 10**9
            while True:
                left = max(0, deadline - time.monotonic_ns()) / 1e9
                batch = port.read_batch(left)
                if any(struct.unpack_from("<Q", each.payload)[0] == cycle for each in batch):
                    trips.append(time.monotonic_ns() - sent)
                    break
                if not batch:
                    missed += 1
                    break
    return trips, lateness, missed


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] / 1000


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4, 5):
        sys.exit(__doc__)
    mac = bytes.fromhex(sys.argv[2].replace(":", ""))
    trips, lateness, missed = exchange(sys.argv[1], mac, *map(int, sys.argv[3:4]),
                                       *map(float, sys.argv[4:5]))
    for name, values in (("round trip", trips), ("late by", lateness)):
        if values:
            print("%-10s p50 %.0f us, p99 %.0f us, worst %.0f us" % (
                name, percentile(values, 0.5), percentile(values, 0.99), max(values) / 1000))
    print("%d answers, %d cycles without one" % (len(trips), missed))
