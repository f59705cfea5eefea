"""What a C program does with the library: each part with each library, then under the tools."""

import subprocess
import unittest

import build
import lab

PARTS = ["errors", "structures", "frames", "loop", "values", "interrupts", "forks", "requests"]


class Programs(unittest.TestCase):
    def with_each(self, what):
        for library in build.libraries:
            with self.subTest(library=library):
                what(library)

    def test_parts(self):
        for part in PARTS:
            with self.subTest(part=part):
                self.with_each(lambda library: build.client(library, part))

    def test_parts_linked_statically(self):
        for part in PARTS:
            with self.subTest(part=part):
                build.client("", part, kind="client-static")

    def test_parts_under_address_sanitizer(self):
        for part in PARTS:
            with self.subTest(part=part):
                self.with_each(lambda library: build.client(library, part, kind="client-asan"))

    def test_no_part_loses_memory_or_reads_what_is_not_its_own(self):
        for part in [*PARTS, "sessions"]:
            with self.subTest(part=part):
                build.under(build.MEMORY, build.libraries[0], part, "5")

    def test_the_full_library_loses_no_memory(self):
        for library in build.libraries[1:]:
            build.under(build.MEMORY, library, "frames")

    def test_threads_with_a_handle_each(self):
        self.with_each(lambda library: build.client(library, "threads", "8"))

    def test_threads_race_for_nothing(self):
        for part in [["threads", "4"], ["interrupts"]]:
            with self.subTest(part=part):
                build.under(build.RACES, build.libraries[0] + "/objects", *part)

    def test_loaded_and_unloaded(self):
        self.with_each(lambda library: build.client(library, library + "/libndisprot.so.1", kind="loaded"))

    def test_ten_thousand_sessions_leave_nothing_behind(self):
        build.client(build.libraries[0], "sessions", "10000", timeout=900)

    def dialogue(self, library, part, answers):
        """Runs a part that says a word when it is the test's turn."""
        with subprocess.Popen([build.program("client"), part], env=build.environment(library), text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            for word, answer in answers:
                said = process.stdout.readline().strip()
                if said != word:
                    process.kill()
                    self.fail("said %r, not %r: %s" % (said, word, process.stderr.read()))
                answer()
                process.stdin.write("\n")
                process.stdin.flush()
            _, errors = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, errors)

    def test_events(self):
        def change():
            lab.lab.root("ip link set np0 mtu 1400")
            self.addCleanup(lab.lab.root, "ip link set np0 mtu 1500")

        for library in build.libraries:
            with self.subTest(library=library):
                self.dialogue(library, "events", [("ready", change)])
                self.doCleanups()

    def test_a_daemon_that_goes_and_comes_back(self):
        self.with_each(lambda library: self.dialogue(
            library, "resume", [("kill", lab.lab.kill), ("start", lab.lab.start)]))
