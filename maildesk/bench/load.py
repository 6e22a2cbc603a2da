"""A client that sends mails over several connections at once: `… HOST PORT CONNECTIONS NAME COUNT`.

In a process of its own, so that a server is measured and not the client; prints the seconds from
the first command to the last 250.
"""

import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from maildesk.bench.workloads import BY_NAME, DESK


def send(host: str, port: int, connections: int, mails: Sequence[bytes]) -> float:
    """Send the mails and return how long it took. Raises: SMTPException."""
    clients = [smtplib.SMTP(host, port, "client.example.org") for _ in range(connections)]
    failures: list[Exception] = []

    def work(client: smtplib.SMTP, own: Sequence[bytes]) -> None:
        try:
            for mail in own:
                client.sendmail("person@example.org", [DESK], mail)
        except (smtplib.SMTPException, OSError) as failure:
            failures.append(failure)

    threads = [
        threading.Thread(target=work, args=(client, mails[number::connections]))
        for number, client in enumerate(clients)
    ]
    for client in clients:
        client.ehlo()
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    for client in clients:
        client.close()
    if failures:
        raise failures[0]
    return seconds


def send_apart(port: int, connections: int, workload: str, count: int) -> float:
    """Do the same in another process."""
    arguments = ("127.0.0.1", str(port), str(connections), workload, str(count))
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "maildesk.bench.load", *arguments],
        check=True,
        stdout=subprocess.PIPE,
    )
    return float(done.stdout)


if __name__ == "__main__":
    host, port, connections, workload, count = sys.argv[1:]
    mails = [BY_NAME[workload](number) for number in range(int(count))]
    sys.stdout.write(f"{send(host, int(port), int(connections), mails)}\n")
