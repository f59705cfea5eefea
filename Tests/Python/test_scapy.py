"""scapy from Debian over the module, as a user without capabilities."""

import logging
import threading
import unittest

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)

import lab
from scapy.all import ARP, AsyncSniffer, Ether, Raw, bridge_and_sniff, conf, sendp, sniff, srp, srp1

import ndisprot
import ndisprot.scapy
from lab import PATIENCE, TYPE, frame

OWN = "10.9.0.1"
OTHER = "10.9.0.2"


class ScapyTests(unittest.TestCase):
    def setUp(self):
        lab.lab.peer.drain()
        ndisprot.scapy.use(path=lab.lab.path)
        with ndisprot.open("np0", TYPE, path=lab.lab.path) as port:
            self.own = port.address
        self.peer = lab.lab.peer

    def test_srp1_asks_arp_and_hears_the_kernel_of_the_other_end(self):
        lab.lab.root("ip addr replace %s/24 dev np1" % OTHER)
        self.addCleanup(lab.lab.root, "ip addr del %s/24 dev np1" % OTHER)
        question = Ether(dst="ff:ff:ff:ff:ff:ff", src=self.own.hex(":")) / ARP(
            hwsrc=self.own.hex(":"), psrc=OWN, pdst=OTHER)
        answer = srp1(question, iface="np0", timeout=PATIENCE, verbose=False)
        self.assertEqual(answer[ARP].hwsrc, self.peer.address.hex(":"))
        answered, _ = srp([question] * 3, iface="np0", timeout=PATIENCE, verbose=False, multi=False)
        self.assertEqual(len(answered), 3)

    def test_sendp_puts_frames_on_the_wire(self):
        packet = Ether(dst=self.peer.address.hex(":"), src=self.own.hex(":"), type=TYPE) / Raw(
            b"scapy".ljust(46, b"\0"))
        sendp([packet] * 5, iface="np0", verbose=False)
        self.assertEqual(self.peer.receive(5), [bytes(packet)] * 5)

    def sniffing(self, **options):
        started = threading.Event()
        sniffer = AsyncSniffer(iface="np0", started_callback=started.set, **options)
        sniffer.start()
        self.assertTrue(started.wait(PATIENCE))
        return sniffer

    def test_a_sniffer_with_a_filter_sees_only_what_passes_it_and_stops_when_told(self):
        seen = threading.Event()
        sniffer = self.sniffing(filter="ether proto 0x88b5 and len > 100",
                                prn=lambda packet: seen.set())
        self.peer.send(frame(self.own, self.peer.address, b"short"),
                       frame(self.own, self.peer.address, b"long".ljust(200, b"x")))
        self.assertTrue(seen.wait(PATIENCE))
        self.assertEqual([len(each) for each in sniffer.stop()], [214])

    def test_a_sniffer_sees_what_this_host_sends(self):
        seen = threading.Event()
        sniffer = self.sniffing(prn=lambda packet: seen.set())
        packet = Ether(dst=self.peer.address.hex(":"), src=self.own.hex(":"), type=TYPE) / Raw(
            b"out".ljust(46, b"\0"))
        sendp(packet, iface="np0", verbose=False)
        self.assertTrue(seen.wait(PATIENCE))
        self.assertEqual([bytes(each) for each in sniffer.stop()], [bytes(packet)])
        self.peer.receive(1)

    def test_many_frames_are_sniffed_though_they_arrive_in_one_message(self):
        sniffer = self.sniffing(count=200, timeout=PATIENCE)
        self.peer.send(*(frame(self.own, self.peer.address, b"%d" % n) for n in range(200)))
        sniffer.join(PATIENCE)
        self.assertEqual(len(sniffer.results), 200)

    def test_a_filter_that_does_not_compile_is_an_error_with_libpcaps_words(self):
        with self.assertRaisesRegex(ValueError, "syntax"):
            sniff(iface="np0", filter="ether ether", timeout=1)

    def test_promiscuous_mode_that_is_asked_for_and_denied_is_an_error(self):
        with self.assertRaises(ndisprot.Denied):
            conf.L2socket(iface="np0", promisc=True)


RULES = """
[[binding]]
interface = "np0"

[[binding]]
interface = "np2"

[[rule]]
name = "%s"
user = "nobody"
interface = "*"
ethertypes = %s
rights = %s
"""


class RuleTests(unittest.TestCase):
    def setUp(self):
        for peer in (lab.lab.peer, lab.lab.other_peer):
            peer.drain()
        ndisprot.scapy.use(path=lab.lab.path)

    def test_a_bridge_carries_frames_both_ways_from_their_own_senders(self):
        left, right = lab.lab.peer, lab.lab.other_peer
        there = [frame(right.address, left.address, b"there %d" % n) for n in range(20)]
        back = [frame(left.address, right.address, b"back %d" % n) for n in range(20)]
        ready, ended = threading.Event(), []
        rules = RULES % ("bridge", '["any"]', '["read", "write", "set-oid", "promiscuous", "any-source"]')
        with lab.lab.configured(rules):
            bridge = threading.Thread(target=lambda: ended.append(bridge_and_sniff(
                "np0", "np2", started_callback=ready.set, count=40, timeout=PATIENCE)))
            bridge.start()
            self.assertTrue(ready.wait(PATIENCE))
            left.send(*there)
            self.assertEqual(right.receive(20), there)
            right.send(*back)
            self.assertEqual(left.receive(20), back)
            bridge.join(PATIENCE)
            # Once each: what the bridge sent did not come round again.
            self.assertEqual(sorted(bytes(each) for each in ended[0]), sorted(there + back))

    def test_a_user_of_one_ethertype_sniffs_that_without_saying_so(self):
        seen, ready = threading.Event(), threading.Event()
        with lab.lab.configured(RULES % ("one", '["0x88b5"]', '["read"]')):
            sniffer = AsyncSniffer(iface="np0", started_callback=ready.set,
                                   prn=lambda packet: seen.set())
            sniffer.start()
            self.assertTrue(ready.wait(PATIENCE))
            sent = frame(b"\xff" * 6, lab.lab.peer.address, b"broadcast")
            lab.lab.peer.send(frame(b"\xff" * 6, lab.lab.peer.address, b"no", 0x88B6), sent)
            self.assertTrue(seen.wait(PATIENCE))
            self.assertEqual([bytes(each) for each in sniffer.stop()], [sent])

    def test_what_no_rule_gives_is_an_error_with_the_daemons_reason(self):
        with lab.lab.configured(RULES % ("others", '["0x88b5"]', '["read"]')):
            with self.assertRaisesRegex(ndisprot.Denied, "rule"):
                sniff(iface="np0", ethertypes=["0x88b6"], timeout=1)
            with self.assertRaisesRegex(ndisprot.Denied, "rule 'others'.*does not give write"):
                with ndisprot.open("np0", TYPE, path=lab.lab.path) as port:
                    own = port.address
                sendp(Ether(dst="ff:ff:ff:ff:ff:ff", src=own.hex(":"), type=TYPE) / Raw(bytes(46)),
                      iface="np0", verbose=False)

    def test_a_forged_source_is_an_error_of_sendp_without_the_right(self):
        with lab.lab.configured(RULES % ("own", '["0x88b5"]', '["read", "write"]')):
            with self.assertRaisesRegex(ndisprot.Denied, "rule 'own'.*does not give any-source"):
                sendp(Ether(dst="ff:ff:ff:ff:ff:ff", src="02:00:00:00:00:01", type=TYPE)
                      / Raw(bytes(46)), iface="np0", verbose=False)
