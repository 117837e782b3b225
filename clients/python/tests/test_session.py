"""Sessions and decorated tools record what happened, and change nothing about it."""

from __future__ import annotations

import asyncio
import math
import unittest

from claw import Claw
from claw.value import safe
from tests.loopback import Loopback


class SessionTest(unittest.TestCase):
    def setUp(self) -> None:
        self.server = Loopback()
        self.faults: list[str] = []
        told = lambda code, _message: self.faults.append(code)  # noqa: E731
        self.claw = Claw(self.server.url, spool=False, on_error=told, signals="leave")

    def tearDown(self) -> None:
        self.claw.close(5)
        self.server.close()

    def facts(self, *names: str) -> list:
        self.claw.flush()
        return self.server.facts(*names)

    def test_a_new_session_begins_and_ends_and_an_existing_one_does_not_begin_again(self) -> None:
        self.claw.session().end()
        self.claw.session("mine").end()
        told = [["session", "pending"], ["session", "success"], ["session", "success"]]
        self.assertEqual(self.facts("type", "status"), told)

    def test_a_prompt_begins_a_turn_and_the_session_fills_in_its_ids(self) -> None:
        session = self.claw.session("mine", agent="coder", user="ann", channel="slack")
        session.prompt("do it")
        session.output("done", tokens=12, model="m")
        session.prompt("again")
        session.api_call("api.example", method="GET", status_code=200)
        session.file_operation("read", "/etc/hosts", bytes=10)
        self.claw.flush()
        events = list(self.server.events.values())
        for event in events:
            self.assertEqual(event["agent"], {"runtime": "python", "id": "coder"})
            self.assertEqual([event["user"], event["channel"]], [{"id": "ann"}, "slack"])
        turns = [event["turn_id"] for event in events]
        self.assertEqual(turns[0], turns[1])
        self.assertNotEqual(turns[1], turns[2])
        self.assertEqual(turns[2], turns[4])
        self.assertEqual([events[1]["tokens"], events[1]["model"]], [{"total": 12}, "m"])

    def test_a_child_session_names_its_parent(self) -> None:
        parent = self.claw.session("p", user="ann", agent="lead")
        parent.child(agent="helper").output("hi")
        self.claw.flush()
        event = list(self.server.events.values())[-1]
        self.assertEqual([event["parent_session_id"], event["user"]], ["p", {"id": "ann"}])
        self.assertEqual(event["agent"]["id"], "helper")

    def test_a_call_is_two_facts_and_its_first_outcome_stands(self) -> None:
        session = self.claw.session("s")
        arguments = {"to": "a@example.com"}
        call = session.start("send", arguments)
        arguments["to"] = "changed"
        call.success({"ok": True})
        self.assertEqual(call.error("late"), "")
        session.start("rm").error(ValueError("no"))
        session.start("curl").blocked("not allowed", policy_id="p1")
        session.start("ssh").unknown("cut off")
        self.assertEqual(
            self.facts("tool", "status", "arguments", "result", "error"),
            [
                ["send", "pending", {"to": "a@example.com"}, None, None],
                ["send", "success", None, {"ok": True}, None],
                ["rm", "pending", None, None, None],
                ["rm", "error", None, None, {"code": "ValueError", "message": "no"}],
                ["curl", "pending", None, None, None],
                ["curl", "blocked", None, None, None],
                ["ssh", "pending", None, None, None],
                ["ssh", "unknown", None, None, None],
            ],
        )

    def test_a_session_as_a_context_ends_as_its_block_did(self) -> None:
        with self.claw.session("a"):
            pass
        with self.assertRaisesRegex(KeyError, "gone"):
            with self.claw.session("b"):
                raise KeyError("gone")
        self.assertEqual(self.facts("session_id", "status"), [["a", "success"], ["b", "error"]])

    def test_a_decorated_function_is_the_function(self) -> None:
        session = self.claw.session("s")

        @session.tool
        def add(a: int, b: int = 2) -> int:
            "Adds."
            return a + b

        @session.tool(name="read_file", action="read")
        def read(path: str) -> str:
            raise FileNotFoundError(path)

        self.assertEqual([add(1), add(1, b=5), add.__name__, add.__doc__], [3, 6, "add", "Adds."])
        with self.assertRaises(FileNotFoundError):
            read("/x")
        with self.assertRaises(TypeError):
            add()
        self.assertEqual(
            self.facts("tool", "status", "arguments", "result", "action"),
            [
                ["add", "pending", {"a": 1}, None, None],
                ["add", "success", None, 3, None],
                ["add", "pending", {"a": 1, "b": 5}, None, None],
                ["add", "success", None, 6, None],
                ["read_file", "pending", {"path": "/x"}, None, "read"],
                ["read_file", "error", None, None, None],
                ["add", "pending", {"args": []}, None, None],
                ["add", "error", None, None, None],
            ],
        )

    def test_async_tools_in_parallel_and_cancelled(self) -> None:
        session = self.claw.session("s")

        @session.tool
        async def slow(n: int) -> int:
            await asyncio.sleep(0.01 * n)
            return n

        async def main() -> list:
            both = await asyncio.gather(slow(2), slow(1))
            task = asyncio.ensure_future(slow(1000))
            await asyncio.sleep(0.01)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            return both

        self.assertEqual(asyncio.run(main()), [2, 1])
        outcomes = [status for (status,) in self.facts("status") if status != "pending"]
        self.assertEqual(outcomes, ["success", "success", "unknown"])

    def test_methods_hide_self_and_generators_are_refused(self) -> None:
        claw = self.claw

        class Box:
            @claw.tool(session="s")
            def put(self, item: str) -> str:
                return item

        self.assertEqual(Box().put("x"), "x")
        self.assertEqual(self.facts("arguments")[0], [{"item": "x"}])
        with self.assertRaises(TypeError):

            @claw.tool(session="s")
            def numbers():  # type: ignore[no-untyped-def]
                yield 1

    def test_a_session_that_cannot_be_found_costs_the_record_not_the_call(self) -> None:
        def find() -> str:
            raise RuntimeError("no session")

        tool = self.claw.tool(lambda x: x, session=find, name="echo")
        self.assertEqual(tool(7), 7)
        self.assertEqual(self.faults, ["usage.invalid"])


class SafeTest(unittest.TestCase):
    def test_any_value_is_kept_or_named(self) -> None:
        loop: list = []
        loop.append(loop)
        deep: list = []
        for _ in range(5000):
            deep = [deep]

        class Hostile:
            def __str__(self) -> str:
                raise RuntimeError("no")

            __repr__ = __str__

        self.assertEqual(safe(loop, 1000), ["[Circular]"])
        self.assertIn("Nested deeper", str(safe(deep, 10_000)))
        self.assertEqual(safe(math.nan, 10), "nan")
        self.assertEqual(safe(2**60, 100), f"{2**60}n")
        self.assertIn("bits", safe(10**20_000, 100))
        self.assertEqual(safe(Hostile(), 100), "[Hostile]")
        self.assertEqual(safe({Hostile(): 1}, 100), "[Unreadable: RuntimeError]")
        self.assertEqual(safe({"s": {1}}, 100), {"s": {"$type": "set", "values": [1]}})
        self.assertEqual(safe(b"abc", 100)["size_bytes"], 3)
        self.assertLess(len(str(safe("x" * 10_000, 100))), 200)
        self.assertLess(len(str(safe(list(range(100_000)), 1000))), 5000)

    def test_a_lone_surrogate_and_nan_in_a_draft_pass_as_text(self) -> None:
        from claw.event import encode

        _id, line = encode({"type": "output", "session_id": "s", "content": "\ud800", "n": math.inf}, {})
        self.assertIn(b'"content":"?"', line)
        self.assertIn(b'"n":"inf"', line)


if __name__ == "__main__":
    unittest.main()
