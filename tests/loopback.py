"""An OpenAI-compatible server on the loopback interface; it fails as often as it is told."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FAILURES = ("rate limit", "server error", "cut body", "broken json", "hangs up")
Answer = Callable[[list[dict[str, str]], dict[str, Any]], str]
"""From messages and the whole request to the completion; PermissionError: a refusal that no retry helps."""


class Loopback(ThreadingHTTPServer):
    """Counts what it was asked; `failing` of the requests end in one of FAILURES, drawn by seed."""

    daemon_threads = True

    def __init__(self, answer: Answer, failing: float = 0.0, seed: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.failing = answer, failing
        self.random, self.lock = random.Random(seed), threading.Lock()
        self.asked, self.failed = 0, 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def draw_failure(self) -> str | None:
        with self.lock:
            self.asked += 1
            if self.random.random() >= self.failing:
                return None
            self.failed += 1
            return self.random.choice(FAILURES)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Loopback

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        failure = self.server.draw_failure()
        if failure == "hangs up":
            self.close_connection = True
        elif failure in ("rate limit", "server error"):
            status = 429 if failure == "rate limit" else 500
            self.reply(status, json.dumps({"error": {"message": failure, "code": None}}).encode())
        else:
            try:
                text = self.server.answer(asked["messages"], asked)
            except PermissionError:
                self.reply(400, b'{"error": {"message": "not allowed"}}')
                return
            body = json.dumps(completion(asked, text)).encode()
            if failure == "cut body":
                self.reply(200, body[: len(body) // 2], length=len(body))
                self.close_connection = True
            else:
                self.reply(200, body[: len(body) // 2] if failure == "broken json" else body)

    def reply(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("retry-after-ms", "10")
        self.send_header("Connection", "close")  # else the client leaves its socket to the garbage collector
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def completion(asked: dict[str, Any], text: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    about = {"id": "x", "object": "chat.completion", "created": 0, "model": asked["model"]}
    return {**about, "choices": [choice], "usage": usage}


@contextmanager
def serving(answer: Answer, failing: float = 0.0, seed: int = 0) -> Iterator[Loopback]:
    """The server, running until the block ends."""
    server = Loopback(answer, failing, seed)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
