"""What every example does, in whichever language: run as it stands by a user without capabilities,
against peers that are not ours. The tests of each language say what is run and how."""

import os
import struct
import subprocess
import threading

import lab
from lab import PATIENCE, frame

FOLDER = os.path.join(lab.ROOT, "Tests", "Examples")
NAMES = ("arp_scan", "cyclic", "dcp_identify", "eapol_start", "lldp_listen", "ptp_delay", "wake")
MOST_LINES = 60


class Scenarios:
    """Mixed into a TestCase that has `language`, `suffix` and `command`."""

    language = suffix = ""

    def command(self, name):
        """The words that run an example, and the environment for it."""
        raise NotImplementedError

    def setUp(self):
        lab.lab.peer.drain()
        self.peer = lab.lab.peer
        with open("/sys/class/net/np0/address") as file:
            self.own = bytes.fromhex(file.read().strip().replace(":", ""))

    def start(self, name, *arguments):
        words, environment = self.command(name)
        process = subprocess.Popen(
            [*words, *arguments], text=True,
            env={"PATH": os.environ["PATH"], "NDISPROT_SOCKET": lab.lab.path, **environment},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def ends(self, process):
        out, errors = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, errors), (0, ""), errors)
        return out

    def test_every_protocol_has_an_example_of_at_most_sixty_lines_that_says_how_it_is_called(self):
        folder = os.path.join(FOLDER, self.language)
        found = [each for each in os.listdir(folder) if each.endswith(self.suffix)]
        self.assertEqual(sorted(found), [each + self.suffix for each in NAMES])
        for name in NAMES:
            with self.subTest(name), open(os.path.join(folder, name + self.suffix)) as file:
                self.assertLessEqual(len(file.readlines()), MOST_LINES)
                process = self.start(name)
                _, errors = process.communicate(timeout=PATIENCE)
                self.assertEqual(process.returncode, 1)
                self.assertRegex(errors, name + r"(\.py)? INTERFACE")

    def test_an_interface_that_is_not_there_is_an_error_that_names_it(self):
        process = self.start("wake", "np7", "00:11:22:33:44:55")
        _, errors = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 1)
        self.assertIn("np7", errors)

    def test_the_arp_scan_finds_the_kernel_of_the_other_end(self):
        lab.lab.root("ip addr replace 10.9.1.2/24 dev np1")
        self.addCleanup(lab.lab.root, "ip addr del 10.9.1.2/24 dev np1")
        out = self.ends(self.start("arp_scan", "np0", "10.9.1.1", "10.9.1.0/29"))
        self.assertEqual(out, "10.9.1.2 %s\n" % self.peer.address.hex(":"))

    def test_wake_sends_the_magic_packet_that_etherwake_sends(self):
        self.ends(self.start("wake", "np0", "00:11:22:33:44:55", "01:02:03:04:05:06"))
        sent = self.peer.receive(1)[0]
        body = b"\xff" * 6 + bytes.fromhex("001122334455") * 16 + bytes.fromhex("010203040506")
        self.assertEqual(sent, b"\xff" * 6 + self.own + b"\x08\x42" + body)

    def answered(self, process, answer, count=1):
        """Receives frames and answers each until the process has ended."""
        def serve():
            for _ in range(count):
                for each in self.peer.receive(1):
                    self.peer.send(*answer(each))
        thread = threading.Thread(target=serve)
        thread.start()
        out = self.ends(process)
        thread.join(PATIENCE)
        return out

    def test_the_802_1x_example_starts_and_answers_the_identity(self):
        def answer(request):
            if request[15] == 1:  # EAPOL-Start
                body = bytes.fromhex("0101000501")
            else:
                self.assertEqual(request[18:28], bytes.fromhex("0201000a01") + b"alice")
                body = bytes.fromhex("03010004")
            packet = b"\x02\x00" + struct.pack("!H", len(body)) + body
            return [frame(bytes.fromhex("0180c2000003"), self.peer.address, packet, 0x888E)]

        out = self.answered(self.start("eapol_start", "np0", "alice"), answer, 2)
        self.assertEqual(out, "asked for an identity\naccepted\n")

    def test_dcp_identify_prints_name_and_address_of_a_station(self):
        def answer(request):
            self.assertEqual(request[:6].hex(), "010ecf000000")
            self.assertEqual(request[14:24].hex(), "fefe050000004e440001")
            name = b"\x02\x02\x00\x08\x00\x00pump-1"
            address = b"\x01\x02\x00\x0e\x00\x01" + bytes([10, 0, 0, 7]) + bytes(8)
            body = bytes.fromhex("feff050100004e440000") + struct.pack(
                "!H", len(name) + len(address)) + name + address
            return [frame(self.own, self.peer.address, body, 0x8892)]

        out = self.answered(self.start("dcp_identify", "np0"), answer)
        self.assertEqual(out, "%s pump-1 10.0.0.7\n" % self.peer.address.hex(":"))

    def test_ptp_delay_computes_from_the_answer_and_its_follow_up(self):
        def answer(request):
            self.assertEqual((request[14] & 15, request[16:18]), (2, b"\0\x36"))
            front = bytearray(request[14:48])
            front[0], front[6] = 3, 2
            response = bytes(front) + bytes.fromhex("00000000000100000000") + bytes(10)
            front[0] = 10
            later = bytes(front) + bytes.fromhex("00000000000100000064") + bytes(10)
            group = bytes.fromhex("0180c200000e")
            return [frame(group, self.peer.address, each, 0x88F7) for each in (response, later)]

        out = self.answered(self.start("ptp_delay", "np0"), answer)
        self.assertRegex(out, r"^link delay at most \d+ ns\n$")

    def test_the_cyclic_exchange_counts_answers_and_prints_its_jitter(self):
        def answer(request):
            return [self.own + self.peer.address + request[12:]]

        out = self.answered(self.start(
            "cyclic", "np0", self.peer.address.hex(":"), "100", "20"), answer, 100)
        self.assertRegex(out, r"round trip p50 \d+ us, p99 \d+ us, worst \d+ us\nlate by ")
        self.assertRegex(out, r"\n\d+ answers, \d+ cycles without one\n$")

    def test_the_lldp_example_prints_a_neighbour(self):
        process = self.start("lldp_listen", "np0", "1")
        body = (b"\x02\x07\x04" + self.peer.address + b"\x04\x04\x05np1" + b"\x06\x02\0\x78"
                + b"\x0a\x06switch" + b"\0\0")
        sent = frame(bytes.fromhex("0180c200000e"), self.peer.address, body, 0x88CC)
        done = threading.Event()

        def announce():
            while not done.is_set():
                self.peer.send(sent)
                done.wait(0.1)

        thread = threading.Thread(target=announce)
        thread.start()
        try:
            out = self.ends(process)
        finally:
            done.set()
            thread.join(PATIENCE)
        self.assertEqual(out, "%s port np1 name switch, for 120 s\n" % self.peer.address.hex(":"))
