"""What is recorded arrives once: through absences, refusals, forks and the process's end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
from pathlib import Path

from claw import Claw
from tests.loopback import Loopback

ROOT = Path(__file__).resolve().parent.parent


class ClientTest(unittest.TestCase):
    def setUp(self) -> None:
        self.server = Loopback()
        self.folder = tempfile.TemporaryDirectory()
        self.spool = os.path.join(self.folder.name, "spool")
        self.faults: list[tuple[str, str]] = []
        self.claw = self.connect()

    def tearDown(self) -> None:
        self.claw.close(5)
        self.server.close()
        self.folder.cleanup()

    def connect(self, **options: object) -> Claw:
        given = {"spool": self.spool, "limits": {"backoff_s": 0.2}, **options}
        told = lambda code, message: self.faults.append((code, message))  # noqa: E731
        return Claw(self.server.url, "token", on_error=told, signals="leave", **given)

    def child(self, code: str) -> subprocess.Popen:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "URL": self.server.url, "SPOOL": self.spool}
        code = textwrap.dedent(code)
        return subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE)

    def test_events_arrive_once_in_order_with_defaults(self) -> None:
        claw = self.connect(agent="coder", user={"id": "ann"}, environment="test")
        ids = [claw.record({"type": "output", "session_id": "s", "n": n}) for n in range(1200)]
        self.assertEqual(claw.flush(), {"unsent": 0})
        self.assertEqual(list(self.server.events), ids)
        event = self.server.events[ids[0]]
        self.assertEqual(event["agent"], {"runtime": "python", "id": "coder"})
        self.assertEqual(event["user"], {"id": "ann"})
        self.assertEqual(event["source"]["kind"], "sdk")
        self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(claw.status()["delivered"], 1200)
        self.assertLess(len(self.server.requests), 20)
        claw.close()

    def test_a_server_that_was_away_gets_all_from_the_spool(self) -> None:
        self.server.status = 503
        for n in range(50):
            self.claw.record({"type": "output", "session_id": "s", "n": n})
        self.assertEqual(self.claw.flush(5), {"unsent": 0})
        self.assertEqual(self.server.events, {})
        self.assertTrue(os.listdir(self.spool))
        self.assertEqual(oct(os.stat(self.spool).st_mode & 0o777), "0o700")
        self.server.status = 200
        self.claw.flush(5)
        self.assertEqual(len(self.server.events), 50)
        self.assertEqual(os.listdir(self.spool), [])

    def test_a_batch_too_large_is_halved_until_it_passes(self) -> None:
        self.server.most = 3
        for _ in range(20):
            self.claw.record({"type": "output", "session_id": "s"})
        self.claw.flush()
        self.assertEqual(len(self.server.events), 20)

    def test_one_refused_event_is_a_gap_and_costs_no_other(self) -> None:
        self.server.poison = "poison"
        for text in ("a", "poison", "b", "c"):
            self.claw.record({"type": "output", "session_id": "s", "content": text})
        self.claw.flush()
        self.assertEqual(self.claw.status()["dropped"], 1)
        told = sorted(map(str, self.server.facts("type", "content")))
        self.assertEqual(
            told,
            ["['gap', None]", "['output', 'a']", "['output', 'b']", "['output', 'c']"],
        )
        gap = next(e for e in self.server.events.values() if e["type"] == "gap")
        self.assertEqual(gap["attributes"]["dropped"], 1)
        self.assertEqual(gap["attributes"]["reasons"], {"rejected": 1})

    def test_what_is_no_event_never_raises_and_is_counted(self) -> None:
        for draft in (None, 3, [], {}, {"type": "output"}, {"type": "output", "session_id": ""}):
            self.assertTrue(self.claw.record(draft))  # type: ignore[arg-type]
        self.claw.flush()
        self.assertEqual(self.claw.status()["dropped"], 6)
        (gap,) = self.server.events.values()
        self.assertEqual(gap["attributes"]["reasons"], {"invalid": 6})
        self.assertEqual({code for code, _ in self.faults}, {"event.invalid"})

    def test_full_memory_and_spool_drop_the_newest_and_say_so(self) -> None:
        self.server.status = 503
        claw = self.connect(
            limits={"queue_bytes": 20_000, "spool_bytes": 20_000, "backoff_s": 0.1},
            spool=os.path.join(self.folder.name, "small"),
        )
        for n in range(300):
            claw.record({"type": "output", "session_id": "s", "content": "x" * 300, "n": n})
        dropped = claw.status()["dropped"]
        self.assertGreater(dropped, 100)
        self.server.status = 200
        claw.flush(5)
        claw.close()
        outputs = [e["n"] for e in self.server.events.values() if e["type"] == "output"]
        self.assertEqual(len(outputs) + dropped, 300)
        gaps = [e["attributes"]["dropped"] for e in self.server.events.values() if e["type"] == "gap"]
        self.assertEqual(sum(gaps), dropped)

    def test_a_spool_open_to_others_is_not_used(self) -> None:
        os.makedirs(self.spool)
        os.chmod(self.spool, 0o777)
        self.server.status = 503
        self.claw.record({"type": "output", "session_id": "s"})
        self.claw.flush(0.5)
        self.assertEqual(os.listdir(self.spool), [])
        self.assertIn("data.unwritable", {code for code, _ in self.faults})

    def test_the_end_of_the_process_delivers(self) -> None:
        child = self.child(
            """
            import os
            from claw import Claw
            claw = Claw(os.environ['URL'], spool=os.environ['SPOOL'])
            for n in range(100): claw.record({'type': 'output', 'session_id': 's', 'n': n})
            """
        )
        self.assertEqual(child.wait(20), 0)
        child.stdout.close()
        self.assertEqual(len(self.server.events), 100)

    def test_sigterm_spools_and_still_ends_the_process(self) -> None:
        self.server.status = 503
        child = self.child(
            """
            import os, time
            from claw import Claw
            claw = Claw(os.environ['URL'], spool=os.environ['SPOOL'])
            for n in range(10): claw.record({'type': 'output', 'session_id': 's', 'n': n})
            print('ready', flush=True)
            time.sleep(30)
            """
        )
        child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(20), -signal.SIGTERM)
        child.stdout.close()
        self.server.status = 200
        self.claw.flush(5)
        self.assertEqual(len(self.server.events), 10)

    def test_what_a_killed_process_held_is_taken_over(self) -> None:
        os.makedirs(self.spool, mode=0o700)
        child = self.child("import time; print('x', flush=True); time.sleep(30)")
        child.stdout.readline()
        child.kill()
        child.wait()
        child.stdout.close()
        from claw.spool import _HOST

        name = f"{int(time.time() * 1000):013d}-0badcafe.ndjson.{_HOST}-{child.pid}-0badcafe"
        good = b'{"id":"1","type":"output","session_id":"s"}\n'
        Path(self.spool, name).write_bytes(good + b'{"id":"2","ty')
        self.claw.flush(5)
        self.assertEqual(list(self.server.events), ["1"])

    @unittest.skipUnless(hasattr(os, "fork"), "no fork here")
    def test_a_forked_child_sends_its_own_events_and_not_its_parents(self) -> None:
        self.server.status = 503
        self.claw.record({"type": "output", "session_id": "parent"})
        child = os.fork()
        if child == 0:
            try:
                self.claw.record({"type": "output", "session_id": "child"})
                self.claw.flush(5)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        self.server.status = 200
        self.claw.flush(5)
        sessions = sorted(session for (session,) in self.server.facts("session_id"))
        self.assertEqual(sessions, ["child", "parent"])

    def test_many_threads_lose_nothing(self) -> None:
        def work(name: int) -> None:
            for n in range(200):
                self.claw.record({"type": "output", "session_id": str(name), "n": n})

        threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.claw.flush()
        self.assertEqual(len(self.server.events), 1600)

    def test_what_is_recorded_after_close_is_counted(self) -> None:
        self.claw.close()
        self.claw.record({"type": "output", "session_id": "s"})
        self.assertEqual(self.claw.status()["dropped"], 1)

    def test_options_that_cannot_be_used_are_named(self) -> None:
        for options in ({"url": "ftp://x"}, {"url": "http://a:b@x"}, {"token": "a\nb"}):
            with self.assertRaises(ValueError):
                Claw(**options)
        with self.assertRaisesRegex(ValueError, "limits.nope"):
            Claw(limits={"nope": 1})


if __name__ == "__main__":
    unittest.main()
