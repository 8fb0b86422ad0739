"""The page: python app.py [--host H] [--port P]."""

from __future__ import annotations

import argparse
import gc
import ipaddress
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rag.accounts import Accounts
from rag.data_folder import keep_private, program_version
from rag.errors import BulletinError
from rag.logs import start_logging
from rag.running_page import is_our_page
from rag.settings import Settings, load_settings

if TYPE_CHECKING:
    from page.engine import Chain

log = logging.getLogger(__name__)

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 7860
# Seconds in which a browser that is already waiting gets the page before the models take the
# processor.
LOADING_WAITS = 2.0


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python app.py", description="政务快报问答的网页")
    parser.add_argument("--host", default=DEFAULT_HOST, help="监听的地址（默认 %(default)s）")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="监听的端口（默认 %(default)s）"
    )
    return parser.parse_args(argv)


def prepare_environment(settings: Settings) -> None:
    """Switch off every telemetry of the libraries, before any of them is imported."""
    for name, value in (
        ("GRADIO_ANALYTICS_ENABLED", "False"),
        ("HF_HUB_DISABLE_TELEMETRY", "1"),
        ("DO_NOT_TRACK", "1"),
        ("ANONYMIZED_TELEMETRY", "False"),
        ("ORT_DISABLE_TELEMETRY", "1"),
        # Gradio sums up its last 10,000 calls in a table after each call.
        ("GRADIO_ANALYTICS_MAX_EVENTS", "1"),
        ("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9)),
    ):
        os.environ[name] = value
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ["GRADIO_TEMP_DIR"] = str((settings.data_dir / "page").resolve())


def serve(settings: Settings, host: str, port: int, build: Callable[[], Chain]) -> None:
    """Serve the page until interrupted; `build` runs in the background."""
    accounts = required_accounts(settings, host)
    listener = take_port(host, port)
    bound = listener.getsockname()[1]
    prepare_environment(settings)
    with without_collecting():
        # Imported late: Gradio takes two seconds and reads the environment while it is imported.
        from page.editor_stubs import leave_out_stubs

        leave_out_stubs()
        import uvicorn

        from page.desk import build_desk
        from page.server import build_server
        from page.stopping import PatientServer

        desk = build_desk(settings, build)
        application = build_server(desk, host, bound, accounts, is_loopback(host))
    try:
        listener.listen()
    except OSError as error:  # another program began to listen meanwhile
        raise port_taken(host, bound) from error
    print(f"页面地址：http://{shown_host(host)}:{bound}/（按 Ctrl+C 停止）", flush=True)
    desk.engine.start(LOADING_WAITS)
    config = uvicorn.Config(
        application,
        log_level="warning",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    PatientServer(config, desk).run(sockets=[listener])


def required_accounts(settings: Settings, host: str) -> Accounts | None:
    """The accounts that visitors sign in with; none are needed where only this machine connects.

    BulletinError when they are needed and there is no administrator yet.
    """
    if is_loopback(host):
        return None
    accounts = Accounts(settings.data_dir / "accounts.json")
    if not any(account.role == "administrator" for account in accounts.all()):
        raise BulletinError(
            f"在 {host} 上开放给其他机器之前，要先有管理员账户，请运行：\n"
            "python -m rag user add 用户名 --admin"
        )
    return accounts


def take_port(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen yet: connections are refused until the page is there.

    BulletinError when the port is taken or the host is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise port_taken(host, port) from error
    return listener


class PortTakenError(BulletinError):
    """The port cannot be had."""


def port_taken(host: str, port: int) -> PortTakenError:
    """What to say when the port cannot be had."""
    return PortTakenError(
        f"无法在 {host}:{port} 上监听，端口可能已被占用。请用 --port 换一个端口。"
    )


@contextmanager
def without_collecting() -> Iterator[None]:
    """While modules are imported nearly nothing becomes garbage, and looking for it takes long.

    Measured: 0.5 of 3.4 to 4.2 s of processor time until the page is served.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def shown_host(host: str) -> str:
    """The host as it is typed into a browser."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def main(argv: Sequence[str] | None = None) -> int:
    """Run the page; 0 after Ctrl+C or SIGTERM, 1 with a Chinese message when it cannot start."""
    keep_private()
    arguments = parse_arguments(argv)
    # The server catches the signal first, finishes what is under way, and raises it again.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    try:
        settings = load_settings()
        start_logging(settings, "page")
        log.info("started", extra={"version": program_version(), "port": arguments.port})
        try:
            serve(settings, arguments.host, arguments.port, lambda: _build(settings))
        finally:
            log.info("stopped")
    except PortTakenError as error:
        if is_our_page(shown_host(arguments.host), arguments.port):
            print(f"页面已经在运行：http://{shown_host(arguments.host)}:{arguments.port}/")
            return 0
        print(f"错误：{error}", file=sys.stderr)
        return 1
    except BulletinError as error:
        print(f"错误：{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _build(settings: Settings) -> Chain:
    # Imported in the background, so that the page is served while models load.
    with without_collecting():
        from rag.chain import build_chain

        chain: Chain = build_chain(settings)
    return chain


if __name__ == "__main__":
    sys.exit(main())
