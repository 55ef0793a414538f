"""What is borrowed from the machine."""

import os
import shutil
import socket


def free_ports(count):
    """Ports that nobody listens on at this moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def preserve(program, path):
    """Gives the program a second name, which a build meanwhile leaves as it is."""
    try:
        os.link(program, path)
    except OSError:
        shutil.copy2(program, path)
